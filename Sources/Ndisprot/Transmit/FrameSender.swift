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

  /// Sends frames of one operation, in batches of 64, until a limit or the kernel stops it.
  ///
  /// - Returns: the number of frames that have a status now
  func send(_ operation: WriteOperation, of open: OpenContext, frameLimit: Int) -> Int {
    let check = WriteCheck(open, operation.standing)
    let start = operation.index
    let end = min(operation.recordCount, start &+ frameLimit)
    while operation.index < end {
      guard sendBatch(operation, of: open, check, end: end) else { break }
    }
    return operation.index &- start
  }

  /// Sends up to 64 consecutive frames of the message.
  ///
  /// - Returns: false if the kernel has no room; the rest of the operation then waits
  private func sendBatch(
    _ operation: WriteOperation, of open: OpenContext, _ check: WriteCheck, end: Int
  ) -> Bool {
    var builder = MDLChainBuilder<64>()
    let limiter = open.limiter
    limiter?.beginBatch(nowNanoseconds: monotonicNanoseconds())
    let buffer = operation.message
    let message = buffer.bytes
    var next = operation.offset
    var index = operation.index
    var refusal: CompletionStatus?
    var last = WriteCheck.LastPassed()
    while index < end, builder.segmentCount < 64 {
      let frame = message.frame(at: next)
      refusal = check.failure(frame, remembering: &last)
      if refusal == nil, let limiter, !limiter.reserve(frame) { refusal = .rateExceeded }
      if refusal != nil { break }
      try? builder.append(frame)
      next &+= FrameRecord.byteCount(ofFrame: frame.byteCount)
      index &+= 1
    }
    if builder.segmentCount > 0 {
      let progress = miniport.send(builder.chain)
      if progress.sentCount > 0 { framesSent(progress.sentCount, operation, of: open, message) }
      if let failure = progress.failure { return handle(failure, operation, of: open, check) }
    }
    if let refusal {
      open.transmit.count(refusal)
      if operation.refusal == nil {
        operation.refusal = check.refusal(of: message.frame(at: next), refusal)
      }
      endFrame(operation, refusal, check)
    }
    return true
  }

  /// This many frames from the operation's offset on are on the wire.
  private func framesSent(
    _ count: Int, _ operation: WriteOperation, of open: OpenContext, _ message: RawSpan
  ) {
    let (limiter, filter, loopsBack) = (open.limiter, open.filter, open.loopsBack)
    let statuses = operation.keptStatuses ?? self.statuses
    let success = CompletionStatus.success
    var offset = operation.offset
    var sentByteCount = 0
    for step in 0..<count {
      let frame = message.frame(at: offset)
      limiter?.spend(frame)
      if frame.isToGroup { nonUnicast.countSent(frame) }
      if loopsBack, filter.hears(frame) { receive.loopBack(frame, of: open) }
      statuses.set(operation.index &+ step, success)
      sentByteCount &+= frame.byteCount
      offset &+= FrameRecord.byteCount(ofFrame: frame.byteCount)
    }
    operation.fullQueueCount = 0
    operation.offset = offset
    operation.index &+= count
    operation.sentByteCount &+= sentByteCount
    open.transmit.sent &+= UInt64(truncatingIfNeeded: count)
    open.transmit.sentBytes &+= UInt64(truncatingIfNeeded: sentByteCount)
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
  /// The frame of the record at `offset`, whose length the server has checked.
  @_lifetime(copy self)
  @inline(__always) fileprivate func frame(at offset: Int) -> RawSpan {
    let byteCount = unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    let start = offset &+ FrameRecord.headerByteCount
    return extracting(start..<(start &+ Int(byteCount)))
  }
}
