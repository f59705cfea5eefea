internal import CaptureFile
internal import NDIS
internal import NdisprotClient
internal import Platform

/// A capture: a thread for each interface, one file at a time, and a thread that watches them.
final class CaptureRun: Sendable {
  private let sources: [CaptureSource]
  private let sink: CaptureSink
  private let format: CaptureFormat
  private let changed = EventCount()
  private let start = ContinuousClock.now

  init(_ sources: [CaptureSource], _ sink: CaptureSink, _ format: CaptureFormat) {
    self.sources = sources
    self.sink = sink
    self.format = format
  }

  /// What one moment of a capture looks like.
  struct Moment {
    let frames: UInt64
    let bytes: UInt64
    let read: UInt64
    let elapsed: Duration
    let losses: [(counter: Counter, count: UInt64)]
    let unwritten: UInt64
    let file: CaptureSink.Progress

    /// Frames that were lost anywhere.
    var lost: UInt64 { losses.reduce(unwritten) { $0 &+ $1.count } }
  }

  /// Captures until all threads have ended.
  ///
  /// - Parameters:
  ///   - monitor: asks the daemon what was lost
  ///   - end: when it ends at the latest
  ///   - begun: is called once every interface is read
  ///   - show: is called every half second, and told what to show
  /// - Returns: the last moment, and why it ended early
  /// - Throws: when the first file or a thread cannot be made
  func run(
    _ monitor: Connection, by end: Deadline, begun: () -> Void, show: (Moment) -> Void
  ) throws(SystemError) -> (Moment, ClientError?) {
    let statistics: @Sendable () -> CaptureWriter = { [sources, format] in
      Self.statistics(of: sources, format)
    }
    var losses = sources.map { source in Losses(from: Self.reading(monitor, source)) }
    try sink.open()
    for source in sources {
      try SystemThread.start("capture") { [sink, changed] in
        source.run(into: sink, by: end, statistics: statistics, changed: changed)
      }
    }
    var hasBegun = false
    while true {
      let ticket = changed.ticket()
      let haveEnded = sources.map(\.hasEnded)
      if !hasBegun, sources.allSatisfy({ $0.isStarted || $0.hasEnded }) {
        hasBegun = true
        begun()
      }
      if haveEnded.allSatisfy(\.self) { break }
      // One that has ended, for whatever reason, ends the others.
      if haveEnded.contains(true) { monitor.interruption?.raise() }
      changed.wait(ticket, untilNanoseconds: monotonicNanoseconds() + 500_000_000)
      update(&losses, monitor)
      show(moment(losses))
    }
    monitor.interruption?.clear()
    update(&losses, monitor)
    sink.close(statistics())
    return (moment(losses), sources.lazy.compactMap(\.failure).first)
  }

  private static func reading(_ monitor: Connection, _ source: CaptureSource) -> [(Counter, UInt64)]
  {
    // A daemon that is gone says nothing; the readers find that out.
    (try? LossCounters.reading(monitor, interfaceIndex: source.interfaceIndex)) ?? []
  }

  private func update(_ losses: inout [Losses], _ monitor: Connection) {
    for (index, source) in sources.enumerated() {
      let reading = Self.reading(monitor, source)
      guard !reading.isEmpty else { continue }
      losses[index].update(reading)
      source.note(losses[index])
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
      unwritten: sink.unwritten, file: sink.progress)
  }
}
