internal import MDL
internal import NDIS
internal import Platform
internal import WDF

// Writes: send.c of the sample. A message is sent as it came, in batches, from its own buffer; what
// cannot be sent at once waits (`+WritePended`).

extension BindingDataPath {
  /// Frames of a message that are sent as it arrives; the rest is pended.
  static let framesAtOnce = 512
  /// Writes and bytes that an open may have outstanding (D-48).
  static let maximumPendedWrites = 256
  static let maximumPendedWriteBytes = 1 << 20

  /// Takes a write; what cannot be sent at once is pended behind what is pended already.
  ///
  /// The records were checked to lie inside the message.
  func write(
    _ request: consuming OwnedRequest, message: MessageBuffer, payloadOffset: Int,
    recordCount: Int, of open: OpenContext
  ) {
    let waiting = open.pendedWriteBytes &+ message.byteCount
    guard open.writes.count < BindingDataPath.maximumPendedWrites,
      waiting <= BindingDataPath.maximumPendedWriteBytes, writeMemory.admits(waiting)
    else {
      request.complete(RequestStatus(.tooManyRequests))
      return
    }
    open.transmit.submitted &+= UInt64(truncatingIfNeeded: recordCount)
    note(.send, "write", open, Int(truncatingIfNeeded: request.parameters.id), recordCount)
    let operation = makeOperation(
      request, message: message, payloadOffset: payloadOffset, recordCount: recordCount)
    if open.writes.isEmpty, !isBlocked,
      advance(operation, of: open, frameLimit: BindingDataPath.framesAtOnce)
    {
      finish(operation, of: open)
      return
    }
    note(.send, "pend", open, Int(truncatingIfNeeded: operation.parameters.id), operation.index)
    keepStatuses(of: operation)
    operation.isAdmitted = open.binding.state == .running
    operation.keepMessage()
    open.writes.append(operation)
    countWaiting(message.byteCount, of: open)
  }

  private func makeOperation(
    _ request: consuming OwnedRequest, message: MessageBuffer, payloadOffset: Int,
    recordCount: Int
  ) -> WriteOperation {
    guard let spare = spareOperation.take() else {
      return WriteOperation(
        request, message: message, payloadOffset: payloadOffset, recordCount: recordCount)
    }
    spare.reuse(
      request, message: message, payloadOffset: payloadOffset, recordCount: recordCount)
    return spare
  }

  /// Sends frames of one operation, in batches of 64, until the limit or the kernel says stop.
  ///
  /// - Returns: whether the operation is through
  func advance(
    _ operation: WriteOperation, of open: OpenContext, frameLimit: Int
  ) -> Bool {
    let check = WriteCheck(open, isAdmitted: operation.isAdmitted)
    let end = min(operation.recordCount, operation.index &+ frameLimit)
    while operation.index < end {
      guard sendBatch(operation, of: open, check, end: end) else { return false }
    }
    return operation.isThrough
  }

  /// Sends up to 64 frames that lie one behind the other in the message.
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
      let byteCount = Int(message.frameByteCount(at: next))
      let start = next &+ FrameRecord.headerByteCount
      let frame = message.extracting(start..<(start &+ byteCount))
      refusal = check.failure(frame, remembering: &last)
      if refusal == nil, let limiter, !limiter.reserve(frame) { refusal = .rateExceeded }
      if refusal != nil { break }
      try? builder.append(frame)
      next &+= FrameRecord.byteCount(ofFrame: byteCount)
      index &+= 1
    }
    if builder.segmentCount > 0 {
      let progress = miniport.send(builder.chain)
      if progress.sentCount > 0 { framesSent(progress.sentCount, operation, of: open, message) }
      if let failure = progress.failure { return handle(failure, operation, of: open, check) }
    }
    if let refusal { refuse(operation, of: open, refusal, check) }
    return true
  }

  /// So many frames from the operation's offset on are on the wire.
  private func framesSent(
    _ count: Int, _ operation: WriteOperation, of open: OpenContext, _ message: RawSpan
  ) {
    let (limiter, filter) = (open.limiter, open.filter)
    let statuses = operation.keptStatuses ?? self.statuses
    let success = CompletionStatus.success
    var offset = operation.offset
    var sentByteCount = 0
    for step in 0..<count {
      let byteCount = Int(message.frameByteCount(at: offset))
      let start = offset &+ FrameRecord.headerByteCount
      let frame = message.extracting(start..<(start &+ byteCount))
      limiter?.spend(frame)
      if frame.isToGroup { countSent(frame) }
      if open.loopsBack, filter.mayHear(destination: frame.destination) {
        loopBack(frame, of: open)
      }
      statuses.set(operation.index &+ step, success)
      sentByteCount &+= byteCount
      offset &+= FrameRecord.byteCount(ofFrame: byteCount)
    }
    operation.fullQueueCount = 0
    operation.offset = offset
    operation.index &+= count
    operation.sentByteCount &+= sentByteCount
    open.transmit.sent &+= UInt64(truncatingIfNeeded: count)
    open.transmit.sentBytes &+= UInt64(truncatingIfNeeded: sentByteCount)
  }

  private func refuse(
    _ operation: WriteOperation, of open: OpenContext, _ status: CompletionStatus,
    _ check: WriteCheck
  ) {
    open.transmit.count(status)
    endFrame(operation, status, check)
  }

  /// The frame at the operation's offset will not be sent.
  func endFrame(
    _ operation: WriteOperation, _ status: CompletionStatus, _ check: WriteCheck,
    mtu: UInt32? = nil
  ) {
    let buffer = operation.message
    let message = buffer.bytes
    let byteCount = Int(message.frameByteCount(at: operation.offset))
    var limit = 0
    if status == .frameTooLong {
      let start = operation.offset &+ FrameRecord.headerByteCount
      let frame = message.extracting(start..<(start &+ byteCount))
      limit = check.limit(MDLSpan(frame).ethernetHeader, mtu: mtu)
    }
    operation.note(status, bytesNeeded: limit)
    (operation.keptStatuses ?? statuses).set(operation.index, status)
    operation.offset &+= FrameRecord.byteCount(ofFrame: byteCount)
    operation.index &+= 1
  }

  /// The kernel did not take the frame at the operation's offset.
  ///
  /// - Returns: false if the operation waits
  private func handle(
    _ failure: SendFailure, _ operation: WriteOperation, of open: OpenContext,
    _ check: WriteCheck
  ) -> Bool {
    switch failure {
    case .wouldBlock:
      note(.send, "socket full", open, operation.index)
      isWaitingForRoom = true
      miniport.notifyWhenSendPossible()
      return false
    case .noBuffers where operation.fullQueueCount &+ 1 < BindingDataPath.maximumTries:
      note(.send, "queue full", open, operation.index, operation.fullQueueCount)
      operation.fullQueueCount += 1
      scheduleRetry()
      return false
    case .tooLong:
      // The MTU has just shrunk, and nobody has told yet: the kernel knows the limit.
      open.transmit.count(failure)
      endFrame(operation, failure.completion, check, mtu: miniport.currentMTU)
      return true
    default:
      open.transmit.count(failure)
      endFrame(operation, failure.completion, check)
      return true
    }
  }

  /// A frame that its own open would hear is queued for it, before the write is answered (W-20).
  private func loopBack(_ frame: RawSpan, of open: OpenContext) {
    guard let header = MDLSpan(frame).ethernetHeader, open.filter.matches(header) else { return }
    let isQueued = hot.value.ring.append(
      frame, originalByteCount: frame.byteCount, timestamp: realtimeNanoseconds(),
      flags: .looped, loopedFor: open.id)
    guard isQueued else { return }
    open.cursor?.noteLooped()
    hot.value.unserved &+= 1
  }

  func finish(_ operation: WriteOperation, of open: OpenContext) {
    note(
      .send, "complete", open, Int(truncatingIfNeeded: operation.parameters.id),
      operation.sentByteCount)
    if operation.parameters.isBatch {
      operation.handOver(statuses, to: open.requester)
    }
    operation.complete()
    spareOperation = operation
    if hot.value.unserved > 0 { serveReads() }
  }
}

extension SendFailure {
  /// The row of the table that the client sees.
  var completion: CompletionStatus {
    switch self {
    case .wouldBlock, .noBuffers: .noBuffers
    case .tooLong: .frameTooLong
    case .netDown: .lowPower
    case .gone: .bindingGone
    case .other: .sendFailed
    }
  }
}

extension RawSpan {
  /// The length field of the record at `offset`, which the server has checked.
  @inline(__always) func frameByteCount(at offset: Int) -> UInt32 {
    unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
  }
}
