internal import CaptureFile
internal import FrameFilter
internal import NDIS
internal import NdisprotClient
internal import Platform
internal import Synchronization

/// Which frames of an interface go into the file, and how many bytes of each.
struct CaptureSelection: Sendable {
  var filter: FrameFilter?
  var direction = FrameDirection.both
  var snapLength: Int?
}

/// One interface of a capture, which a thread of its own reads.
final class CaptureSource: @unchecked Sendable {
  // @unchecked: `binding`, `resuming`, `isStopping` and `failure` are the thread's until it has ended; the
  // rest is atomic or constant.
  let interface: CaptureInterface
  private let place: Int
  private let format: CaptureFormat
  private var binding: OpenBinding
  /// What opens again when the daemon is back, if that is wanted.
  private let resuming: ResumingBinding?
  private let selection: CaptureSelection
  private let interfaceNumber: Atomic<UInt32>
  /// Frames that were read, and of those the ones that were wanted, with their bytes.
  private let readCount = Atomic<UInt64>(0)
  private let writtenCount = Atomic<UInt64>(0)
  private let writtenByteCount = Atomic<UInt64>(0)
  /// What the monitor says was lost.
  private let lostCount = Atomic<UInt64>(0)
  private let kernelLostCount = Atomic<UInt64>(0)
  private let startTime = realtimeNanoseconds()
  private let reading = Atomic<Bool>(false)
  private let startCount = Atomic<Int>(0)
  private let ended = Atomic<Bool>(false)
  private var isStopping = false
  /// Why it ended early; to be looked at once it has.
  private(set) var failure: ClientError?

  init(
    _ place: Int, _ binding: OpenBinding, _ interface: CaptureInterface, _ format: CaptureFormat,
    _ selection: CaptureSelection, resuming: ResumingBinding? = nil
  ) {
    self.place = place
    self.binding = binding
    self.interface = interface
    self.format = format
    self.selection = selection
    self.resuming = resuming
    interfaceNumber = Atomic(binding.granted.interfaceIndex)
  }

  /// Another one when the daemon, or the interface, is there again.
  var interfaceIndex: UInt32 { interfaceNumber.load(ordering: .relaxed) }
  /// Whether a read is pended in the daemon.
  var isReading: Bool { reading.load(ordering: .acquiring) }
  /// How often it went on behind an end of the daemon.
  var resumeCount: Int { max(0, startCount.load(ordering: .relaxed) - 1) }
  var hasEnded: Bool { ended.load(ordering: .acquiring) }
  var frames: UInt64 { writtenCount.load(ordering: .relaxed) }
  var bytes: UInt64 { writtenByteCount.load(ordering: .relaxed) }
  /// Frames that were read, the ones that the filter refused included.
  var read: UInt64 { readCount.load(ordering: .relaxed) }

  /// Notes what was lost, as the daemon counts it.
  func note(_ losses: Losses) {
    lostCount.store(losses.total, ordering: .relaxed)
    kernelLostCount.store(losses[.kernelDrops], ordering: .relaxed)
  }

  /// The block that ends a file.
  func statistics() -> CaptureTotals {
    let lost = lostCount.load(ordering: .relaxed)
    var totals = CaptureTotals(interface: place)
    (totals.start, totals.end) = (startTime, realtimeNanoseconds())
    (totals.received, totals.accepted, totals.dropped) = (read &+ lost, frames, lost)
    totals.droppedByKernel = kernelLostCount.load(ordering: .relaxed)
    return totals
  }

  /// Reads until the time is up, there are enough, or reading fails.
  ///
  /// - Thread: its own
  func run(
    into sink: CaptureSink, by end: Deadline, statistics: @Sendable () -> CaptureWriter,
    changed: EventCount
  ) {
    var batch = Batch(self, sink)
    var isThrough = false
    while !isThrough {
      do throws(ClientError) {
        var reader = FrameReader(binding)
        try reader.start()
        startCount.wrappingAdd(1, ordering: .relaxed)
        reading.store(true, ordering: .releasing)
        changed.signal()
        try read(&reader, &batch, into: sink, by: end, statistics)
        isThrough = true
      } catch {
        isThrough = !resume(after: error, by: end, changed)
      }
    }
    ended.store(true, ordering: .releasing)
    changed.signal()
  }

  /// Opens again when the daemon went.
  ///
  /// - Returns: false if this is the end; its cause is `failure`
  private func resume(after error: ClientError, by end: Deadline, _ changed: EventCount) -> Bool {
    var cause = error
    if let resuming, !isStopping, error == .daemonGone || error.status == .cancelled {
      reading.store(false, ordering: .releasing)
      changed.signal()
      do throws(ClientError) {
        try resuming.resume(after: error, by: end)
        binding = resuming.current
        interfaceNumber.store(binding.granted.interfaceIndex, ordering: .relaxed)
        return true
      } catch {
        // The time was up while the daemon was away.
        guard !end.isPast else { return false }
        cause = error
      }
    }
    failure = cause == .interrupted ? nil : cause.status == .cancelled ? .daemonGone : cause
    return false
  }

  private func read(
    _ reader: inout FrameReader, _ batch: inout Batch, into sink: CaptureSink, by end: Deadline,
    _ statistics: () -> CaptureWriter
  ) throws(ClientError) {
    do throws(ClientError) {
      while !end.isPast, !sink.isComplete {
        // A file that is rotated by time is ended though no frame comes.
        let tick = Deadline(after: .seconds(1))
        _ = try reader.next(by: .earlier(end, tick)) { batch.take($0) }
        guard batch.flush(statistics) else { return }
      }
    } catch .interrupted {
      // What was asked for is answered once more: the frames that came before the signal.
      isStopping = true
      binding.connection.interruption = nil
      try reader.stop { batch.take($0) }
      _ = batch.flush(statistics)
    }
  }

  /// Frames on their way from one message into the file.
  private struct Batch: ~Copyable {
    private let source: CaptureSource
    private let sink: CaptureSink
    private let selection: CaptureSelection
    private let own: MACAddress
    private var writer: CaptureWriter
    /// Frames that were lost since the last one that was written.
    private var lost: UInt64 = 0
    /// Of those of the kernel, which it does not say in front of which frame it lost, the ones that were counted.
    private var kernelLost: UInt64 = 0
    private var readCount: UInt64 = 0
    private var frameCount: UInt64 = 0
    private var byteCount: UInt64 = 0

    init(_ source: CaptureSource, _ sink: CaptureSink) {
      self.source = source
      self.sink = sink
      selection = source.selection
      own = source.binding.address
      writer = CaptureWriter(source.format)
    }

    mutating func take(_ record: RecordReader.Record) {
      readCount &+= 1
      lost &+= UInt64(record.header.lostBefore)
      let isOutgoing = record.header.flags.rawValue & 6 != 0
      switch selection.direction {
      case .inbound: guard !isOutgoing else { return }
      case .outbound: guard isOutgoing else { return }
      case .both: break
      }
      let length = record.header.originalLength
      if let filter = selection.filter {
        guard filter.matches(record.frame, originalLength: length) else { return }
      }
      guard sink.takePlace() else { return }
      let frame = CaptureFrame(
        interface: source.place, timestamp: record.header.timestamp, originalLength: length,
        direction: isOutgoing ? .outbound : .inbound,
        reception: reception(record.frame, isOutgoing: isOutgoing), dropCount: lost)
      lost = 0
      let kept = selection.snapLength ?? .max
      writer.append(
        frame, kept < record.frame.byteCount ? record.frame.extracting(first: kept) : record.frame)
      frameCount &+= 1
      byteCount &+= UInt64(record.frame.byteCount)
    }

    private func reception(_ frame: RawSpan, isOutgoing: Bool) -> CaptureFrame.Reception {
      guard frame.byteCount >= 6, let destination = MACAddress(frame.extracting(first: 6))
      else { return .unknown }
      if destination.isMulticast { return destination.isBroadcast ? .broadcast : .multicast }
      return isOutgoing || destination == own ? .unicast : .promiscuous
    }

    /// Writes what was gathered; false if nothing more can be written.
    mutating func flush(_ statistics: () -> CaptureWriter) -> Bool {
      let count = frameCount
      let isWritten = sink.write(&writer, frames: count, statistics: statistics)
      source.readCount.wrappingAdd(readCount, ordering: .relaxed)
      if isWritten {
        source.writtenCount.wrappingAdd(count, ordering: .relaxed)
        source.writtenByteCount.wrappingAdd(byteCount, ordering: .relaxed)
      }
      (readCount, frameCount, byteCount) = (0, 0, 0)
      let kernelLost = source.kernelLostCount.load(ordering: .relaxed)
      lost &+= kernelLost &- self.kernelLost
      self.kernelLost = kernelLost
      return isWritten
    }
  }
}
