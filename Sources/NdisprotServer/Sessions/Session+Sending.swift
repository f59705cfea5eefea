internal import MDL
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

// Answers: the records of a read are sent at once from the receive ring, everything else in order
// at the end of the turn.

extension Session {
  /// Sends the queue now.
  func flush() {
    guard !isEnded else { return }
    switch replies.flush({ subscription?.takeFirst() }) {
    case .sent, .full: break
    case .lost:
      takesNothing()
      return
    }
    followInterest()
    askForStatistics()
  }

  /// An event that this session subscribed to has arrived.
  func eventsCame() {
    guard !isEnded else { return }
    replies.demandFlush()
    host.needsFlush(self)
  }

  /// The socket has room again.
  func socketHasRoom() {
    replies.noteRoom()
    flush()
    guard !isEnded, !replies.isFull else { return }
    open?.resume()
  }

  /// Nothing can be sent any more.
  ///
  /// The requests that a client sent before it hung up are still carried out; a client that only
  /// shut down its reading side could send requests forever.
  private func takesNothing() {
    if !socket.isHungUp { depart() }
  }

  // MARK: Answering

  func answer(
    _ parameters: RequestParameters, _ answer: Answer, _ body: AnswerBody
  ) -> AnswerOutcome {
    var header = MessageHeader(replyTo: parameters)
    header.setStatus(answer.status)
    header.information = UInt32(truncatingIfNeeded: answer.information)
    header.bytesNeeded = UInt32(truncatingIfNeeded: answer.bytesNeeded)
    header.count = UInt32(truncatingIfNeeded: answer.recordCount)
    switch body {
    case .records(let records): return send(header, records)
    case .nothing: queue(&header, RawSpan(), parameters, answer)
    case .bytes(let bytes): queue(&header, bytes, parameters, answer)
    }
    return .taken
  }

  /// Queues a reply for the end of the turn; a reply to a write may be held for a later turn.
  private func queue(
    _ header: inout MessageHeader, _ payload: RawSpan, _ parameters: RequestParameters,
    _ answer: Answer
  ) {
    let reason = takeReason(of: parameters, answer.status)
    guard !isEnded else { return }
    if reason != nil { header.flags |= MessageHeader.reasonFlag }
    replies.append(
      header, payload, reason: reason,
      heldFrames: parameters.type == .write ? max(answer.recordCount, 1) : 0)
    host.needsFlush(self)
  }

  /// Sends records from where they lie in the ring; replies keep their order, so the queue goes
  /// first.
  private func send(_ header: MessageHeader, _ records: MDLChain) -> AnswerOutcome {
    guard !isEnded else { return .blocked }
    let isMeasured = meter.begin(self)
    defer { meter.end(isMeasured) }
    if !replies.isIdle { flush() }
    guard !isEnded, !replies.isFull else { return .blocked }
    guard let outcome = replies.send(header, records) else {
      // The read stays pended until the session ends.
      takesNothing()
      return .blocked
    }
    if outcome == .blocked { followInterest() }
    return outcome
  }

  // MARK: Working

  func workBegins() -> Bool { meter.begin(self) }

  func workEnds(_ isMeasured: Bool) { meter.end(isMeasured) }

  func onLoop(_ work: @escaping @Sendable () -> Void) { onHost { _ in work() } }

  // MARK: Completing

  func requestAnswered(
    _ parameters: RequestParameters, status: RequestStatus, information: Int
  ) {
    guard host.loop.isCurrent else {
      // If the session moves meanwhile, the mail is forwarded to its new loop.
      onHost { $0.countEnd(parameters, status) }
      return
    }
    countEnd(parameters, status)
  }

  /// A request ended without an answer of its own: replies with its status alone.
  func requestCompleted(
    _ parameters: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int
  ) {
    guard host.loop.isCurrent else {
      onHost {
        $0.requestCompleted(
          parameters, status: status, information: information, bytesNeeded: bytesNeeded)
      }
      return
    }
    countEnd(parameters, status)
    _ = answer(
      parameters,
      Answer(CompletionStatus(status), information: information, bytesNeeded: bytesNeeded),
      .nothing)
  }

  /// Answers a request that succeeded with bytes.
  func finish(_ request: consuming OwnedRequest, _ bytes: RawSpan) {
    let byteCount = bytes.byteCount
    _ = answer(request.parameters, Answer(information: byteCount), .bytes(bytes))
    request.completeAnswered(.success, information: byteCount)
  }

  /// Answers a request with bytes.
  func finish(
    _ request: RequestBox, _ output: [UInt8], recordCount: Int = 0,
    status: CompletionStatus = .success, bytesNeeded: Int = 0
  ) {
    guard let request = request.take() else { return }
    let bytes = output.span
    unsafe request.answer(
      Answer(
        status, information: output.count, bytesNeeded: bytesNeeded, recordCount: recordCount),
      bytes.bytes, through: self)
  }
}
