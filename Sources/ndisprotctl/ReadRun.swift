internal import Glibc
internal import NDIS
internal import NdisprotClient

/// Frames that are read until there are enough, time is over, or somebody interrupts.
struct ReadRun: ~Copyable {
  private let binding: OpenBinding
  private let output: Output
  private let printer: FramePrinter?
  private let countLimit: UInt64
  private let timeout: Duration?
  private let idleTimeout: Duration?
  private var reader: FrameReader
  private var frameCount: UInt64 = 0
  private var byteCount: UInt64 = 0
  private var firstTime: ContinuousClock.Instant?
  private var lastTime: ContinuousClock.Instant?

  init(
    _ binding: OpenBinding, _ output: Output, printer: FramePrinter?, countLimit: UInt64,
    timeout: Duration?, idleTimeout: Duration?
  ) {
    self.binding = binding
    self.output = output
    self.printer = printer
    self.countLimit = countLimit
    self.timeout = timeout
    self.idleTimeout = idleTimeout
    reader = FrameReader(binding)
  }

  /// Reads; nil is the end that was asked for.
  mutating func read() -> ClientError? {
    do throws(ClientError) {
      try reader.start()
      printStart()
      return try readUntilEnd()
    } catch {
      if error == .interrupted { return nil }
      // Nobody here cancels a read: the daemon does, when it stops.
      if case .refused(let status, _, _) = error, status == .cancelled { return .daemonGone }
      return error
    }
  }

  private mutating func readUntilEnd() throws(ClientError) -> ClientError? {
    let end = Deadline(after: timeout)
    var idleEnd = Deadline.never
    while true {
      let count = try takeBatch(by: .earlier(end, idleEnd))
      if countLimit > 0, frameCount >= countLimit { return nil }
      if end.isPast { return countLimit == 0 ? nil : .timedOut(.read) }
      if count > 0, let idleTimeout {
        idleEnd = Deadline(after: idleTimeout)
      } else if idleEnd.isPast {
        return nil
      }
    }
  }

  /// Takes one message of frames; what goes beyond the count is left out.
  private mutating func takeBatch(by deadline: Deadline) throws(ClientError) -> Int {
    var frames = frameCount
    var bytes = byteCount
    let limit = countLimit == 0 ? UInt64.max : countLimit
    let count: Int
    if let printer {
      count = try reader.next(by: deadline) { record in
        guard frames < limit else { return }
        frames += 1
        bytes += UInt64(record.frame.byteCount)
        printer.print(record, to: output.standard)
      }
    } else {
      count = try reader.next(by: deadline) { record in
        guard frames < limit else { return }
        frames += 1
        bytes += UInt64(record.frame.byteCount)
      }
    }
    (frameCount, byteCount) = (frames, bytes)
    guard count > 0 else { return 0 }
    let now = ContinuousClock.now
    firstTime = firstTime ?? now
    lastTime = now
    if printer != nil { output.standard.flush() }
    return count
  }

  // MARK: Lines

  private func printStart() {
    if output.isJSON {
      var line = JSONLine()
      line.add("event", "reading")
      line.add("binding", binding.name)
      output.standard.writeLine(line.closed)
    } else {
      output.standard.writeLine("reading \(binding.name.printable)")
    }
    output.standard.flush()
  }

  /// The last line: how many frames, how long, and what this open lost.
  func printSummary() {
    let elapsed = firstTime.flatMap { first in lastTime.map { $0 - first } } ?? .zero
    let drops = ReadRun.drops(of: binding)
    if output.isJSON {
      var losses = JSONLine()
      for (counter, value) in drops { losses.add(counter.name, value) }
      var line = JSONLine()
      line.add("event", "summary")
      line.add("frames", frameCount)
      line.add("bytes", byteCount)
      line.add("elapsedSeconds", elapsed)
      line.add("drops", losses)
      output.standard.writeLine(line.closed)
    } else {
      let losses = drops.filter { $0.1 > 0 }.map { "\($0.0.name) \($0.1)" }
      output.standard.writeLine(
        "\(frameCount) frames, \(byteCount) bytes in \(elapsed.secondsText) s"
          + (losses.isEmpty ? "" : ", lost: " + losses.joined(separator: ", ")))
    }
    output.standard.flush()
  }

  /// Counters that say where frames of an open were lost.
  private static let dropCounters: [Counter] = [
    .rxOverrun, .rxDropState, .rxDropFlushed, .rxDropClosed, .rxNotPermitted,
  ]

  /// What this process's open and its binding lost; nothing if the daemon went.
  private static func drops(of binding: OpenBinding) -> [(Counter, UInt64)] {
    let connection = binding.connection
    connection.interruption?.clear()
    let index = binding.granted.interfaceIndex
    guard let objects = try? connection.statistics(interfaceIndex: index) else { return [] }
    let own = "uid \(getuid()) pid \(getpid())"
    let open = objects.first { $0.kind == .open && $0.name == own }
    var drops = dropCounters.compactMap { counter in
      open?[counter].map { (counter, $0) }
    }
    let adapter = objects.first { $0.kind == .binding }
    if let lost = adapter?[.kernelDrops] { drops.append((.kernelDrops, lost)) }
    return drops
  }
}
