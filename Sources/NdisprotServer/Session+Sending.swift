internal import CLinux
internal import Glibc
internal import MDL
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

// Replies: what a read takes leaves at once from the receive ring, everything else in order at the
// end of the turn.

extension Session {
  /// Queues the reply of a request; it leaves at the end of the turn.
  func queueReply(_ header: MessageHeader, _ payload: RawSpan, heldFrames frames: Int = 0) {
    guard !isEnded else { return }
    let bytes = header.encoded
    let span = bytes.span
    outgoing.append(unsafe span.bytes, payload)
    if frames > 0 { heldFrames += frames } else { mustFlush = true }
    host.needsFlush(self)
  }

  /// Replies to several writes leave together: when the socket was empty, or at 256 frames.
  static var heldFrameLimit: Int { 256 }

  /// The end of a turn of the loop.
  ///
  /// - Returns: whether replies are held for another turn
  func endTurn() -> Bool {
    defer { didReceiveThisTurn = false }
    guard !isEnded, !outgoing.isEmpty || mustFlush else { return false }
    guard !isSocketFull else {
      // What waits grows: at the bound its messages are not read any more.
      followInterest()
      return false
    }
    if !mustFlush, didReceiveThisTurn, heldFrames < Session.heldFrameLimit { return true }
    flush()
    return false
  }

  /// Sends what waits, now.
  func flush() {
    guard !isEnded else { return }
    mustFlush = false
    heldFrames = 0
    repeat {
      switch outgoing.flush(to: socket.descriptor) {
      case .done: isSocketFull = false
      case .blocked: isSocketFull = true
      case .tooLong, .gone:
        takesNothing()
        return
      }
    } while !isSocketFull && queueEvent()
    followInterest()
    askForStatistics()
  }

  /// Something happened that this session wants to hear of.
  func eventsCame() {
    guard !isEnded else { return }
    mustFlush = true
    host.needsFlush(self)
  }

  /// Queues the next event behind the replies; what the socket has no room for waits where the
  /// oldest is lost first.
  ///
  /// - Returns: whether there was one
  private func queueEvent() -> Bool {
    guard let event = subscription?.takeFirst() else { return false }
    var header = MessageHeader(.event, id: 0)
    header.count = event.binding == nil ? 0 : 1
    let (front, payload) = (header.encoded, event.encoded)
    outgoing.append(unsafe front.span.bytes, unsafe payload.span.bytes)
    return true
  }

  func socketHasRoom() {
    isSocketFull = false
    flush()
    guard !isEnded, !isSocketFull else { return }
    open?.resume()
  }

  func deliver(
    _ records: MDLChain, recordCount: Int, information: Int, for parameters: RequestParameters
  ) -> DeliveryOutcome {
    guard !isEnded else { return .blocked }
    let isMeasured = meter.begin(self)
    defer { meter.end(isMeasured) }
    // Replies leave in order: what waits goes first.
    if !outgoing.isEmpty { flush() }
    guard !isEnded, !isSocketFull else { return .blocked }
    var header = MessageHeader(replyTo: parameters)
    header.information = UInt32(truncatingIfNeeded: information)
    header.count = UInt32(truncatingIfNeeded: recordCount)
    switch socket.send(header, records) {
    case .done:
      deliveredID = parameters.id
      return .taken
    case .blocked:
      isSocketFull = true
      followInterest()
      return .blocked
    case .tooLong:
      let limit = SendBuffers.longestMessage(socket)
      return .tooLong(recordByteLimit: limit - MessageHeader.byteCount)
    case .gone:
      // The read stays pended until the session ends.
      takesNothing()
      return .blocked
    }
  }

  /// Nothing can be sent any more.
  ///
  /// What a client sent before it hung up is still done; one that shut down its reading side alone
  /// could go on asking for ever.
  private func takesNothing() {
    isSocketFull = true
    if !socket.isHungUp { depart() }
  }

  // MARK: Working

  func workBegins() -> Bool { meter.begin(self) }

  func workEnds(_ isMeasured: Bool) { meter.end(isMeasured) }

  // MARK: Completing

  func onLoop(_ work: @escaping @Sendable () -> Void) { onHost { _ in work() } }

  func setOutput(_ bytes: [UInt8], recordCount: Int, for parameters: RequestParameters) {
    output.append(contentsOf: bytes)
    outputCount = recordCount
  }

  func setOutput(_ statuses: RawSpan, recordCount: Int, for parameters: RequestParameters) {
    unsafe statuses.withUnsafeBytes { unsafe output.append(contentsOf: $0) }
    outputCount = recordCount
  }

  func requestCompleted(
    _ parameters: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int
  ) {
    let host = self.host
    guard host.loop.isCurrent else {
      // A session that moves meanwhile is followed: the mail is sent on from there.
      _ = host.loop.post {
        self.requestCompleted(
          parameters, status: status, information: information, bytesNeeded: bytesNeeded)
      }
      return
    }
    counters.count(status)
    if parameters.isTransfer { transferEnded() }
    note("complete", parameters.id, UInt64(status.errno))
    if deliveredID == parameters.id, status.errno == 0 {
      deliveredID = 0
      return
    }
    var header = MessageHeader(replyTo: parameters)
    header.setStatus(CompletionStatus(status))
    header.information = UInt32(truncatingIfNeeded: information)
    header.bytesNeeded = UInt32(truncatingIfNeeded: bytesNeeded)
    header.count = UInt32(truncatingIfNeeded: outputCount)
    if appendReason(of: parameters, status) { header.flags |= MessageHeader.reasonFlag }
    // The buffer is lent to the reply and comes back, so that it is used again.
    var payload: [UInt8] = []
    swap(&payload, &output)
    do {
      let span = payload.span
      let heldFrames = parameters.type == .write ? max(outputCount, 1) : 0
      queueReply(header, unsafe span.bytes, heldFrames: heldFrames)
    }
    payload.removeAll(keepingCapacity: true)
    swap(&payload, &output)
    outputCount = 0
  }
}
