internal import MDL
internal import NDIS
internal import Platform
internal import WDF

/// Sends the frames of writes, and records the status of each.
///
/// A message is sent without copying, in batches, from its own buffer, until a limit or the kernel
/// stops it.
///
/// - Thread: the binding's thread
/// - Source: `Ndisprot.docc/Rules.md` section 6
final class FrameSender: @unchecked Sendable {  // One thread's.
  /// How many times a message is tried within a millisecond while the interface's queue is full and
  /// takes nothing (`ndisprotd.docc/Requirements.md`, R15); each frame after the one that is given
  /// up is tried once.
  static let maximumTries = 10
  static let retryNanoseconds: UInt64 = 100_000
  /// Frames handed to the kernel at once: twice to eight times as many gained 1 % at most.
  static let framesOfBatch = 64

  private let miniport: any MiniportAdapter
  private let receive: ReceivePath
  private let executor: any Executor
  private let trace: BindingTrace
  /// The interface's queue was full; a timer triggers the next try.
  private var isRetryScheduled = false
  /// The send socket's buffer was full; the loop reports when it has room.
  private var isWaitingForRoom = false
  /// Statuses of the message being sent.
  let statuses = StatusBuffer()
  /// The counts of sent frames by kind of destination.
  private(set) var nonUnicast = NonUnicastCounters()

  init(
    miniport: any MiniportAdapter, receive: ReceivePath, executor: any Executor,
    trace: BindingTrace
  ) {
    self.miniport = miniport
    self.receive = receive
    self.executor = executor
    self.trace = trace
  }

  /// Whether the kernel was full at the last attempt.
  var isBlocked: Bool { isRetryScheduled || isWaitingForRoom }

  /// The send socket has room, or was replaced.
  func sendPossible() { isWaitingForRoom = false }

  private func scheduleRetry() {
    guard !isRetryScheduled else { return }
    isRetryScheduled = true
    _ = executor.schedule(afterNanoseconds: FrameSender.retryNanoseconds) { [weak self] in
      self?.isRetryScheduled = false
    }
  }

  /// Sends frames of one operation, in batches, until a limit or the kernel stops it.
  ///
  /// - Returns: the number of frames that have a status now
  func send(_ operation: WriteOperation, of open: OpenContext, frameLimit: Int) -> Int {
    let check = WriteCheck(open, operation.standing)
    let start = operation.index
    let end = min(operation.recordCount, start &+ frameLimit)
    let buffer = operation.message
    let message = buffer.bytes
    var last = WriteCheck.LastPassed()
    while operation.index < end {
      let isGoingOn = sendBatch(
        operation, message, of: open, check, &last,
        atMost: min(end &- operation.index, Self.framesOfBatch))
      guard isGoingOn else { break }
    }
    return operation.index &- start
  }

  /// Consecutive frames of a message that are sent with one call.
  private struct Batch {
    /// Where the record after them starts.
    var end: Int
    var frameCount = 0
    var byteCount = 0
    /// All have the destination and the type of the first, and no tag that is looked behind.
    var isAlike = true
    private var flow: UInt64?

    init(at offset: Int) { end = offset }

    /// Adds a frame; one that is like the last frame that passed has no tag.
    @inline(__always)
    mutating func add(_ frame: RawSpan, isLikeLast: Bool) {
      if frameCount == 0 {
        flow = frame.flow
      } else if !isLikeLast || flow == nil || frame.flow != flow {
        isAlike = false
      }
      frameCount &+= 1
      byteCount &+= frame.byteCount
      end &+= FrameRecord.byteCount(ofFrame: frame.byteCount)
    }
  }

  /// Sends up to `frameLimit` frames.
  ///
  /// - Returns: false if the kernel has no room; the rest of the operation then waits
  private func sendBatch(
    _ operation: WriteOperation, _ message: RawSpan, of open: OpenContext, _ check: WriteCheck,
    _ last: inout WriteCheck.LastPassed, atMost frameLimit: Int
  ) -> Bool {
    var builder = MDLChainBuilder<64>()
    let limiter = open.limiter
    limiter?.beginBatch(nowNanoseconds: monotonicNanoseconds())
    var batch = Batch(at: operation.offset)
    var refusal: CompletionStatus?
    while batch.frameCount < frameLimit {
      let frame = message.frame(at: batch.end)
      let isLikeLast = check.passes(frame, like: last)
      if !isLikeLast { refusal = check.failure(frame, remembering: &last) }
      if refusal == nil, let limiter, !limiter.reserve(frame) { refusal = .rateExceeded }
      if refusal != nil { break }
      try? builder.append(frame)
      batch.add(frame, isLikeLast: isLikeLast)
    }
    if batch.frameCount > 0 {
      let progress = miniport.send(builder.chain, priority: check.priority)
      if progress.sentCount > 0 {
        framesSent(progress.sentCount, of: batch, operation, message, open)
      }
      if let failure = progress.failure { return handle(failure, operation, of: open, check) }
    }
    if let refusal {
      open.transmit.count(refusal)
      if operation.refusal == nil {
        operation.refusal = check.refusal(of: message.frame(at: batch.end), refusal)
      }
      endFrame(operation, refusal, check)
    }
    return true
  }

  /// The first frames of a batch are on the wire.
  private func framesSent(
    _ count: Int, of batch: Batch, _ operation: WriteOperation, _ message: RawSpan,
    _ open: OpenContext
  ) {
    let first = message.frame(at: operation.offset)
    var (end, byteCount) = (batch.end, batch.byteCount)
    // Alike, they have one verdict, so nothing is done for each of them.
    if batch.isAlike, count == batch.frameCount, open.limiter == nil, !isLoopedBack(first, open) {
      if first.isToGroup {
        nonUnicast.countSent(
          first,
          TrafficCounts.Pair(
            frames: UInt64(truncatingIfNeeded: count),
            bytes: UInt64(truncatingIfNeeded: byteCount)))
      }
    } else {
      (end, byteCount) = eachSent(count, from: operation.offset, message, open)
    }
    (operation.keptStatuses ?? statuses).setSuccess(from: operation.index, count)
    operation.fullQueueCount = 0
    operation.offset = end
    operation.index &+= count
    operation.sentByteCount &+= byteCount
    open.transmit.sent &+= UInt64(truncatingIfNeeded: count)
    open.transmit.sentBytes &+= UInt64(truncatingIfNeeded: byteCount)
  }

  private func isLoopedBack(_ frame: RawSpan, _ open: OpenContext) -> Bool {
    open.loopsBack && open.filter.hears(frame)
  }

  /// Handles sent frames one by one: loops back, counts, charges the rate limiter.
  ///
  /// - Returns: where the record after them starts, and the bytes of the frames
  private func eachSent(
    _ count: Int, from start: Int, _ message: RawSpan, _ open: OpenContext
  ) -> (end: Int, byteCount: Int) {
    let (limiter, filter, loopsBack) = (open.limiter, open.filter, open.loopsBack)
    var offset = start
    var byteCount = 0
    for _ in 0..<count {
      let frame = message.frame(at: offset)
      limiter?.spend(frame)
      if frame.isToGroup {
        nonUnicast.countSent(
          frame, TrafficCounts.Pair(frames: 1, bytes: UInt64(truncatingIfNeeded: frame.byteCount)))
      }
      if loopsBack, filter.hears(frame) { receive.loopBack(frame, of: open) }
      byteCount &+= frame.byteCount
      offset &+= FrameRecord.byteCount(ofFrame: frame.byteCount)
    }
    return (offset, byteCount)
  }

  /// The frame at the operation's offset will not be sent.
  private func endFrame(
    _ operation: WriteOperation, _ status: CompletionStatus, _ check: WriteCheck,
    mtu: UInt32? = nil
  ) {
    let buffer = operation.message
    let frame = buffer.bytes.frame(at: operation.offset)
    let limit =
      status == .frameTooLong ? check.limit(MDLSpan(frame).ethernetHeader, mtu: mtu) : 0
    operation.note(status, bytesNeeded: limit)
    (operation.keptStatuses ?? statuses).set(operation.index, status)
    operation.offset &+= FrameRecord.byteCount(ofFrame: frame.byteCount)
    operation.index &+= 1
  }

  /// The kernel refused the frame at the operation's offset.
  ///
  /// - Returns: false if the operation has to wait
  private func handle(
    _ failure: SendFailure, _ operation: WriteOperation, of open: OpenContext,
    _ check: WriteCheck
  ) -> Bool {
    switch failure {
    case .wouldBlock:
      trace.note(.send, "socket full", open, operation.index)
      isWaitingForRoom = true
      miniport.notifyWhenSendPossible()
      return false
    case .noBuffers where operation.fullQueueCount &+ 1 < FrameSender.maximumTries:
      trace.note(.send, "queue full", open, operation.index, operation.fullQueueCount)
      operation.fullQueueCount += 1
      scheduleRetry()
      return false
    case .tooLong:
      // The MTU has just shrunk, and its message is still on the way: the kernel knows the limit.
      open.transmit.count(failure)
      endFrame(operation, failure.completion, check, mtu: miniport.currentMTU)
      return true
    default:
      open.transmit.count(failure)
      endFrame(operation, failure.completion, check)
      return true
    }
  }

  /// Ends the unsent frames of an operation with a status.
  func cancel(_ operation: WriteOperation, of open: OpenContext, status: CompletionStatus) {
    let check = WriteCheck(open, operation.standing)
    while !operation.isThrough {
      open.transmit.cancelled &+= 1
      endFrame(operation, status, check)
    }
  }
}

extension SendFailure {
  /// The row of the status table.
  var completion: CompletionStatus {
    switch self {
    case .wouldBlock, .noBuffers: .noBuffers
    case .tooLong: .frameTooLong
    case .netDown: .lowPower
    case .gone: .adapterRemoved
    case .other: .sendFailed
    }
  }
}

extension RawSpan {
  /// The frame of the record at `offset`, which the server has checked to lie in the message.
  @_lifetime(copy self)
  @inline(__always) fileprivate func frame(at offset: Int) -> RawSpan {
    let byteCount = unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    let start = offset &+ FrameRecord.headerByteCount
    return extracting(start..<(start &+ Int(byteCount)))
  }
}
