internal import FrameFilter
internal import NDIS
internal import NdisprotClient

/// Reads frames until there are enough, until a deadline, or until a signal arrives.
struct ReadRun: ~Copyable {
  private var binding: OpenBinding
  private let output: Output
  private let printer: FramePrinter?
  /// Frames that do not match are ignored and not counted.
  private let filter: FrameFilter?
  /// The number of frames that several runs share.
  private let budget: FrameBudget?
  /// Reopens after a restart of the daemon, if requested.
  private let resuming: ResumingBinding?
  private let countLimit: UInt64
  private let end: Deadline
  private let idleTimeout: Duration?
  private var reader: FrameReader
  private var frameCount: UInt64 = 0
  private var byteCount: UInt64 = 0
  private let start = ContinuousClock.now
  /// When the first frame arrived and when the last was processed, since the start.
  private var firstTime: Duration?
  private var lastTime: Duration?
  /// What the binding had lost before this run.
  private var earlierDrops: [Counter: UInt64] = [:]

  init(
    _ binding: OpenBinding, _ output: Output, printer: FramePrinter?, filter: FrameFilter? = nil,
    budget: FrameBudget? = nil, resuming: ResumingBinding?, countLimit: UInt64, end: Deadline,
    idleTimeout: Duration?
  ) {
    self.binding = binding
    self.output = output
    self.printer = printer
    self.filter = filter
    self.budget = budget
    self.resuming = resuming
    self.countLimit = countLimit
    self.end = end
    self.idleTimeout = idleTimeout
    reader = FrameReader(binding)
  }

  /// Reads; returns nil at a requested end.
  mutating func read() -> ClientError? {
    while true {
      do throws(ClientError) {
        earlierDrops = Dictionary(uniqueKeysWithValues: try drops())
        try reader.start()
        printStart()
        return try readUntilEnd()
      } catch {
        guard let resuming else { return Self.reported(error) }
        do throws(ClientError) {
          try resuming.resume(after: error, by: end)
        } catch {
          if end.isPast { return countLimit == 0 ? nil : .timedOut(.read) }
          return Self.reported(error)
        }
        binding = resuming.current
        reader = FrameReader(binding)
      }
    }
  }

  /// The meaning of an error for the user of the program.
  private static func reported(_ error: ClientError) -> ClientError? {
    if error == .interrupted { return nil }
    // This program cancels no reads: the daemon does, when it stops.
    return error.status == .cancelled ? .daemonGone : error
  }

  private mutating func readUntilEnd() throws(ClientError) -> ClientError? {
    var idleEnd = Deadline.never
    while true {
      let count = try takeBatch(by: .earlier(end, idleEnd))
      if countLimit > 0, frameCount >= countLimit || budget?.isSpent == true { return nil }
      // The reader of the output is gone.
      if output.standard.isClosed { return nil }
      if end.isPast { return countLimit == 0 ? nil : .timedOut(.read) }
      if count > 0, let idleTimeout {
        idleEnd = Deadline(after: idleTimeout)
      } else if idleEnd.isPast {
        return nil
      }
    }
  }

  /// Takes one message of frames; frames beyond the count are ignored.
  private mutating func takeBatch(by deadline: Deadline) throws(ClientError) -> Int {
    if printer == nil, filter == nil, budget == nil { return try countBatch(by: deadline) }
    var (frames, bytes, first) = (frameCount, byteCount, firstTime)
    let limit = countLimit == 0 ? UInt64.max : countLimit
    let (printer, standard, start, filter, budget) = (
      printer, output.standard, start, filter, budget
    )
    let count = try reader.next(by: deadline) { record in
      guard frames < limit else { return }
      if let filter {
        guard filter.matches(record.frame, originalLength: record.header.originalLength) else {
          return
        }
      }
      if let budget { guard budget.take() else { return } }
      if frames == 0 { first = Self.time(since: start) }
      frames += 1
      bytes += UInt64(record.frame.byteCount)
      printer?.print(record, to: standard)
    }
    (frameCount, byteCount, firstTime) = (frames, bytes, first)
    guard count > 0 else { return 0 }
    lastTime = Self.time(since: start)
    if printer != nil { standard.flush() }
    return count
  }

  /// Counts the frames of one message of which none is looked at.
  private mutating func countBatch(by deadline: Deadline) throws(ClientError) -> Int {
    var (frames, bytes) = (frameCount, byteCount)
    let limit = countLimit == 0 ? UInt64.max : countLimit
    let count = try reader.next(by: deadline) { record in
      guard frames < limit else { return }
      frames &+= 1
      bytes &+= UInt64(record.header.length)
    }
    guard count > 0 else { return 0 }
    lastTime = Self.time(since: start)
    if frameCount == 0, frames > 0 { firstTime = lastTime }
    (frameCount, byteCount) = (frames, bytes)
    return count
  }

  /// Separate: an instant has no fixed size, and making room for it would cost time for every
  /// frame.
  @inline(never)
  private static func time(since start: ContinuousClock.Instant) -> Duration {
    start.duration(to: .now)
  }

  // MARK: Lines

  private func printStart() {
    if output.isJSON {
      var line = JSONLine()
      line.add("event", "reading")
      line.add("binding", binding.name)
      output.standard.writeLine(line.closed)
    } else {
      output.standard.writeLine("reading \(binding.name.printableName)")
    }
    output.standard.flush()
  }

  /// The last line: how many frames, how long, and what this open lost.
  func printSummary() {
    let elapsed = firstTime.flatMap { first in lastTime.map { $0 - first } } ?? .zero
    // Not cleared: other runs may still have to see it.
    binding.connection.interruption = nil
    // The daemon may be gone: then the losses are unknown.
    let drops = ((try? drops()) ?? []).map { counter, value in
      (counter, value - min(value, earlierDrops[counter] ?? 0))
    }
    if output.isJSON {
      var losses = JSONLine()
      for (counter, value) in drops { losses.add(counter.name, value) }
      var line = JSONLine()
      line.add("event", "summary")
      if budget != nil { line.add("binding", binding.name) }
      line.add("frames", frameCount)
      line.add("bytes", byteCount)
      line.add("elapsedSeconds", elapsed)
      line.add("drops", losses)
      output.standard.writeLine(line.closed)
    } else {
      let losses = drops.filter { $0.1 > 0 }.map { "\($0.0.name) \($0.1)" }
      output.standard.writeLine(
        (budget == nil ? "" : "\(binding.name.printableName): ")
          + "\(frameCount) frames, \(byteCount) bytes in \(elapsed.secondsText) s"
          + (losses.isEmpty ? "" : ", lost: " + losses.joined(separator: ", ")))
    }
    output.standard.flush()
  }

  /// What this process's open and its binding have lost so far.
  private func drops() throws(ClientError) -> [(Counter, UInt64)] {
    try LossCounters.reading(
      binding.connection, interfaceIndex: binding.granted.interfaceIndex)
  }
}
