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

/// One interface of a capture, read by a thread of its own.
final class CaptureSource: @unchecked Sendable {
  // @unchecked: `binding`, `resuming`, `isStopping` and `failure` belong to the thread until it has
  // ended; the rest is atomic or constant.
  let interface: CaptureInterface
  private let place: Int
  private let format: CaptureFormat
  private var binding: OpenBinding
  /// Reopens when the daemon is back, if requested.
  private let resuming: ResumingBinding?
  private let selection: CaptureSelection
  private let interfaceNumber: Atomic<UInt32>
  /// Frames that were read, and those of them that were selected, with their bytes.
  private let readCount = Atomic<UInt64>(0)
  private let writtenCount = Atomic<UInt64>(0)
  private let writtenByteCount = Atomic<UInt64>(0)
  /// The losses reported by the monitor.
  private let lostCount = Atomic<UInt64>(0)
  private let kernelLostCount = Atomic<UInt64>(0)
  private let startTime = realtimeNanoseconds()
  private let reading = Atomic<Bool>(false)
  private let startCount = Atomic<Int>(0)
  private let ended = Atomic<Bool>(false)
  private var isStopping = false
  /// Why it ended early; to be read after it has ended.
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

  /// Changes when the daemon, or the interface, is back.
  var interfaceIndex: UInt32 { interfaceNumber.load(ordering: .relaxed) }
  /// Whether a read is pended in the daemon.
  var isReading: Bool { reading.load(ordering: .acquiring) }
  /// How many times it continued after the daemon went away.
  var resumeCount: Int { max(0, startCount.load(ordering: .relaxed) - 1) }
  var hasEnded: Bool { ended.load(ordering: .acquiring) }
  var frames: UInt64 { writtenCount.load(ordering: .relaxed) }
  var bytes: UInt64 { writtenByteCount.load(ordering: .relaxed) }
  /// Frames read, including those that the filter rejected.
  var read: UInt64 { readCount.load(ordering: .relaxed) }

  /// Records the losses that the daemon counted.
  func note(_ losses: Losses) {
    lostCount.store(losses.total, ordering: .relaxed)
    kernelLostCount.store(losses[.kernelDrops], ordering: .relaxed)
  }

  /// The block at the end of a file.
  func statistics() -> CaptureTotals {
    let lost = lostCount.load(ordering: .relaxed)
    var totals = CaptureTotals(interface: place)
    (totals.start, totals.end) = (startTime, realtimeNanoseconds())
    (totals.received, totals.accepted, totals.dropped) = (read &+ lost, frames, lost)
    totals.droppedByKernel = kernelLostCount.load(ordering: .relaxed)
    return totals
  }

  /// Reads until the deadline, until the limit on frames, or until reading fails.
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

  /// Reopens after the daemon went away.
  ///
  /// - Returns: false if the capture ends here; the cause is `failure`
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
        // The deadline passed while the daemon was away.
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
        // A file that is rotated by time ends even if no frame arrives.
        let tick = Deadline(after: .seconds(1))
        _ = try reader.next(by: .earlier(end, tick)) { batch.take($0) }
        guard batch.flush(statistics) else { return }
      }
    } catch .interrupted {
      // Pended reads are answered once more: with the frames that arrived before the signal.
      isStopping = true
      binding.connection.interruption = nil
      try reader.stop { batch.take($0) }
      _ = batch.flush(statistics)
    }
  }

  /// Frames being transferred from one message to the file.
  private struct Batch: ~Copyable {
    private let source: CaptureSource
    private let sink: CaptureSink
    private let selection: CaptureSelection
    private let own: MACAddress
    private var writer: CaptureWriter
    /// Frames lost since the last one written.
    private var lost: UInt64 = 0
    /// Frames lost in the kernel, which does not report their position: those already counted.
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

    /// Writes the collected frames; false if writing is no longer possible.
    mutating func flush(_ statistics: () -> CaptureWriter) -> Bool {
      let count = frameCount
      let written = sink.write(&writer, frames: count, statistics: statistics)
      source.readCount.wrappingAdd(readCount, ordering: .relaxed)
      source.writtenCount.wrappingAdd(written.frames, ordering: .relaxed)
      // A message that the disk took in part counts with its share.
      source.writtenByteCount.wrappingAdd(
        count == 0 ? 0 : byteCount * written.frames / count, ordering: .relaxed)
      (readCount, frameCount, byteCount) = (0, 0, 0)
      let kernelLost = source.kernelLostCount.load(ordering: .relaxed)
      lost &+= kernelLost &- self.kernelLost
      self.kernelLost = kernelLost
      return written.isOpen
    }
  }
}
