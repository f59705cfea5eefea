internal import MDL
internal import NDIS
internal import Platform
internal import WDF

/// The writes of one binding on their way to the wire: send.c of the sample.
///
/// A message is sent without copying, in batches, from its own buffer. What cannot be sent at once
/// waits: behind earlier writes of its open, for its turn among all opens, for room in the socket,
/// or for the interface's queue.
///
/// - Thread: everything on the binding's thread
/// - Source: `Ndisprot.docc/Rules.md` section 6; D-48; `ndisprotd.docc/Architecture.md` section
///   4, the turn
final class TransmitQueue: @unchecked Sendable {  // One thread's.
  /// Frames of all opens that are sent in one turn of the loop: some 0.8 ms.
  static let framesPerTurn = 512
  /// Pended frames of one open that are sent before the next open's turn.
  static let framesPerOpen = 64
  /// The most frames of a message that need not wait behind pended ones.
  static let framesOfShortMessage = 16
  /// The most writes and bytes that an open may have outstanding (D-48).
  static let maximumPendedWrites = 256
  static let maximumPendedBytes = 1 << 20
  /// How long a pause waits for the writes (D-39).
  static let drainNanoseconds: UInt64 = 10_000_000_000

  private let sender: FrameSender
  private let receive: ReceivePath
  private let executor: any Executor
  private let budget: PendingWriteBudget
  private let trace: BindingTrace
  /// Opens with pended writes, the one whose turn it is first.
  private var waiting: [OpenContext] = []
  /// Frames that this turn may still send.
  private var framesLeft = TransmitQueue.framesPerTurn
  /// A pause that waits for the pended writes.
  private var drain: Drain?
  /// A finished write to be reused; it keeps its last message until then.
  private var spare: WriteOperation?

  /// A pause that waits for writes.
  private struct Drain {
    /// Called with the number of writes that were cancelled.
    let completion: @Sendable (Int) -> Void
    /// Cancels the rest when it times out.
    let deadline: any ScheduledWork
  }

  init(
    miniport: any MiniportAdapter, receive: ReceivePath, executor: any Executor,
    budget: PendingWriteBudget, trace: BindingTrace
  ) {
    sender = FrameSender(
      miniport: miniport, receive: receive, executor: executor, trace: trace)
    self.receive = receive
    self.executor = executor
    self.budget = budget
    self.trace = trace
  }

  // MARK: Taking

  /// Takes a write; what cannot be sent at once is pended behind earlier writes.
  ///
  /// The records were checked to lie within the message. A write that would exceed the memory
  /// limits of the open or the daemon is refused with a status.
  func write(
    _ request: consuming OwnedRequest, message: MessageBuffer, payloadOffset: Int,
    recordCount: Int, of open: OpenContext
  ) {
    guard admits(message, recordCount, of: open) else {
      trace.note(.send, "refuse", open, Int(truncatingIfNeeded: request.parameters.id))
      request.complete(RequestStatus(.tooManyRequests))
      return
    }
    open.transmit.submitted &+= UInt64(truncatingIfNeeded: recordCount)
    trace.note(
      .send, "write", open, Int(truncatingIfNeeded: request.parameters.id), recordCount)
    let operation = makeOperation(
      request, message: message, payloadOffset: payloadOffset, recordCount: recordCount)
    if open.writes.isEmpty, sendsAtOnce(recordCount), advance(operation, of: open) {
      finish(operation, of: open)
    } else {
      pend(operation, of: open)
    }
  }

  private func admits(
    _ message: MessageBuffer, _ recordCount: Int, of open: OpenContext
  ) -> Bool {
    let held =
      open.pendedWriteBytes + message.byteCount + StatusBuffer.byteCount(ofFrames: recordCount)
      + PendingWriteBudget.overhead
    return open.writes.count < TransmitQueue.maximumPendedWrites
      && held <= TransmitQueue.maximumPendedBytes && budget.admits(held)
  }

  /// Whether a message can be sent now: a short one, or one without pended writes before it.
  private func sendsAtOnce(_ recordCount: Int) -> Bool {
    guard !sender.isBlocked, framesLeft > 0 else { return false }
    guard !waiting.isEmpty else { return true }
    // Half of the turn is reserved for pended writes.
    return recordCount <= TransmitQueue.framesOfShortMessage
      && framesLeft > TransmitQueue.framesPerTurn / 2
  }

  private func makeOperation(
    _ request: consuming OwnedRequest, message: MessageBuffer, payloadOffset: Int,
    recordCount: Int
  ) -> WriteOperation {
    guard let spare = spare.take() else {
      return WriteOperation(
        request, message: message, payloadOffset: payloadOffset, recordCount: recordCount)
    }
    spare.reuse(
      request, message: message, payloadOffset: payloadOffset, recordCount: recordCount)
    return spare
  }

  private func pend(_ operation: WriteOperation, of open: OpenContext) {
    trace.note(
      .send, "pend", open, Int(truncatingIfNeeded: operation.parameters.id), operation.index)
    operation.keep(sender.statuses)
    operation.standing = open.binding.state == .running ? .admitted : .pended
    if open.writes.isEmpty { waiting.append(open) }
    open.writes.append(operation)
    hold(operation.heldByteCount, for: open)
  }

  private func hold(_ byteCount: Int, for open: OpenContext) {
    open.pendedWriteBytes += byteCount
    budget.change(by: byteCount)
  }

  // MARK: The turn

  /// The end of a turn: sends pended writes of all opens, round robin, up to the limit of the turn.
  ///
  /// - Returns: whether more could be sent at once
  func sendPended() -> Bool {
    defer { framesLeft = TransmitQueue.framesPerTurn }
    while framesLeft > 0, !sender.isBlocked, !waiting.isEmpty {
      sendPended(of: waiting.removeFirst())
    }
    noteDrained(cancelledWrites: 0)
    return !waiting.isEmpty && !sender.isBlocked
  }

  /// Sends a part of one open's oldest write.
  private func sendPended(of open: OpenContext) {
    guard let operation = open.writes.first else { return }
    let isMeasured = open.requester.workBegins()
    defer { open.requester.workEnds(isMeasured) }
    let isThrough = advance(operation, of: open, frameLimit: TransmitQueue.framesPerOpen)
    // If it was cancelled meanwhile, it is finished already.
    guard open.writes.first === operation else { return }
    if isThrough {
      open.writes.removeFirst()
      hold(-operation.heldByteCount, for: open)
    }
    // Even if it found the kernel full: it may do so every time, and the others come before it.
    if !open.writes.isEmpty { waiting.append(open) }
    if isThrough { finish(operation, of: open) }
  }

  /// The send socket has room, or was replaced.
  func sendPossible() { sender.sendPossible() }

  /// Sends frames of one operation, up to the limit of this turn.
  ///
  /// - Returns: whether the operation is finished
  private func advance(
    _ operation: WriteOperation, of open: OpenContext, frameLimit: Int = framesPerTurn
  ) -> Bool {
    framesLeft -= sender.send(operation, of: open, frameLimit: min(frameLimit, framesLeft))
    return operation.isThrough
  }

  private func finish(_ operation: WriteOperation, of open: OpenContext) {
    trace.note(
      .send, "complete", open, Int(truncatingIfNeeded: operation.parameters.id),
      operation.sentByteCount)
    if let refusal = operation.refusal.take() {
      open.requester.refused(refusal, of: operation.parameters)
    }
    operation.complete(sender.statuses, through: open.requester)
    spare = operation
    receive.serveLooped()
  }

  // MARK: Cancelling

  /// Ends the pended writes of an open; their unsent frames are not sent.
  func cancelWrites(of open: OpenContext, status: CompletionStatus) {
    let pended = open.writes
    guard !pended.isEmpty else { return }
    open.writes.removeAll()
    waiting.removeAll { $0 === open }
    hold(-open.pendedWriteBytes, for: open)
    for operation in pended { cancel(operation, of: open, status: status) }
  }

  /// Ends one pended write; false if none has this id (rule W-18).
  func cancelWrite(_ id: UInt64, of open: OpenContext) -> Bool {
    guard let index = open.writes.firstIndex(where: { $0.parameters.id == id }) else {
      return false
    }
    let operation = open.writes.remove(at: index)
    if open.writes.isEmpty { waiting.removeAll { $0 === open } }
    hold(-operation.heldByteCount, for: open)
    cancel(operation, of: open, status: .sendCancelled)
    return true
  }

  private func cancel(
    _ operation: WriteOperation, of open: OpenContext, status: CompletionStatus
  ) {
    sender.cancel(operation, of: open, status: status)
    finish(operation, of: open)
  }

  // MARK: Pausing

  /// Calls back when the pended writes are done (rule B-16); those that do not finish in time are
  /// cancelled.
  ///
  /// - Parameter completion: called once, on the binding's thread, with the number of writes
  ///   cancelled
  func drain(_ completion: @escaping @Sendable (Int) -> Void) {
    let deadline = executor.schedule(afterNanoseconds: TransmitQueue.drainNanoseconds) {
      [weak self] in self?.cancelDrain()
    }
    drain = Drain(completion: completion, deadline: deadline)
    noteDrained(cancelledWrites: 0)
  }

  /// Ends the pause's wait if no write is pended any more.
  func noteDrained(cancelledWrites: Int) {
    guard waiting.isEmpty, let drain = self.drain.take() else { return }
    drain.deadline.cancel()
    trace.note(.ndis, "drained", nil, cancelledWrites)
    drain.completion(cancelledWrites)
  }

  private func cancelDrain() {
    guard drain != nil else { return }
    var count = 0
    for open in waiting {
      count += open.writes.count
      cancelWrites(of: open, status: .sendCancelled)
    }
    noteDrained(cancelledWrites: count)
  }

  // MARK: Counters

  /// Frames of pended writes.
  var pendedFrames: UInt64 { waiting.reduce(0) { $0 &+ $1.pendedFrames } }

  /// Adds the counts of sent frames by kind of destination.
  func add(to totals: inout AdapterBinding.Totals) { totals.nonUnicast.add(sender.nonUnicast) }
}
