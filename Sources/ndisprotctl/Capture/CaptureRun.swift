internal import CaptureFile
internal import NDIS
internal import NdisprotClient
internal import Platform

/// A capture: a thread per interface, one file at a time, and a thread that monitors them.
final class CaptureRun: Sendable {
  private let sources: [CaptureSource]
  private let sink: CaptureSink
  private let format: CaptureFormat
  private let reconnectPath: String?
  private let changed = EventCount()
  private let start = ContinuousClock.now

  /// Prepares a capture; with `reconnectPath` it waits for a restarted daemon, otherwise it ends
  /// with it.
  init(
    _ sources: [CaptureSource], _ sink: CaptureSink, _ format: CaptureFormat,
    reconnectPath: String? = nil
  ) {
    self.reconnectPath = reconnectPath
    self.sources = sources
    self.sink = sink
    self.format = format
  }

  /// The state of a capture at one moment.
  struct Moment {
    let frames: UInt64
    let bytes: UInt64
    let read: UInt64
    let elapsed: Duration
    let losses: [(counter: Counter, count: UInt64)]
    let unwritten: UInt64
    let resumes: Int
    let file: CaptureSink.Progress

    /// Frames lost at any place.
    var lost: UInt64 { losses.reduce(unwritten) { $0 &+ $1.count } }
  }

  /// Captures until all threads have ended.
  ///
  /// - Parameters:
  ///   - monitor: queries the daemon for losses
  ///   - end: the latest end
  ///   - begun: called whenever all interfaces are being read
  ///   - waiting: called when an interface no longer is, until the daemon is back
  ///   - show: called every half second with the state to show
  /// - Returns: the last state, and why it ended early, because of which interface
  /// - Throws: if the first file or a thread cannot be created
  func run(
    _ monitor: Connection, by end: Deadline, begun: () -> Void, waiting: () -> Void,
    show: (Moment) -> Void
  ) throws(SystemError) -> (Moment, (error: ClientError, binding: String)?) {
    let statistics: @Sendable () -> CaptureWriter = { [sources, format] in
      Self.statistics(of: sources, format)
    }
    let interruption = monitor.interruption
    var monitor = monitor
    var losses = sources.map { source in
      Losses(
        from: (try? LossCounters.reading(monitor, interfaceIndex: source.interfaceIndex)) ?? [])
    }
    try sink.open { interruption?.isRaised == true || end.isPast }
    for source in sources {
      try SystemThread.start("capture") { [sink, changed] in
        source.run(into: sink, by: end, statistics: statistics, changed: changed)
      }
    }
    var wasReading = false
    while true {
      let ticket = changed.ticket()
      let haveEnded = sources.map(\.hasEnded)
      let areReading = sources.map(\.isReading)
      if areReading.allSatisfy(\.self) != wasReading, !haveEnded.contains(true) {
        (wasReading ? waiting : begun)()
        wasReading.toggle()
      }
      if haveEnded.allSatisfy(\.self) { break }
      // A source that has ended, for whatever reason, ends the others.
      if haveEnded.contains(true) { interruption?.raise() }
      changed.wait(ticket, untilNanoseconds: monotonicNanoseconds() + 500_000_000)
      update(&losses, &monitor)
      show(moment(losses))
    }
    interruption?.clear()
    update(&losses, &monitor)
    sink.close(statistics())
    let failure = sources.lazy.compactMap { source in
      source.failure.map { (error: $0, binding: source.interface.name) }
    }.first
    return (moment(losses), failure)
  }

  private func update(_ losses: inout [Losses], _ monitor: inout Connection) {
    do throws(ClientError) {
      for (index, source) in sources.enumerated() {
        let reading = try LossCounters.reading(monitor, interfaceIndex: source.interfaceIndex)
        guard !reading.isEmpty else { continue }
        losses[index].update(reading)
        source.note(losses[index])
      }
    } catch {
      // A daemon that is gone cannot answer; the readers notice it. Its successor is queried next
      // time.
      guard let reconnectPath,
        let again = try? Connection(
          path: reconnectPath, interruption: monitor.interruption, timeout: .milliseconds(200))
      else { return }
      monitor = again
      for index in losses.indices { losses[index].restart() }
    }
  }

  private static func statistics(
    of sources: [CaptureSource], _ format: CaptureFormat
  ) -> CaptureWriter {
    var writer = CaptureWriter(format)
    for source in sources { writer.append(source.statistics()) }
    return writer
  }

  private func moment(_ losses: [Losses]) -> Moment {
    var places: [(counter: Counter, count: UInt64)] = []
    for counter in LossCounters.all {
      let count = losses.reduce(0) { $0 &+ $1[counter] }
      if losses.contains(where: { $0.counts.contains { $0.counter == counter } }) {
        places.append((counter, count))
      }
    }
    return Moment(
      frames: sources.reduce(0) { $0 &+ $1.frames }, bytes: sources.reduce(0) { $0 &+ $1.bytes },
      read: sources.reduce(0) { $0 &+ $1.read }, elapsed: start.duration(to: .now), losses: places,
      unwritten: sink.unwritten, resumes: sources.reduce(0) { $0 + $1.resumeCount },
      file: sink.progress)
  }
}
