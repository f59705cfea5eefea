internal import NDIS
internal import NdisprotControl

extension Connection {
  /// Waits for the reply of one request, whose bytes are `replyBytes`, or the socket's, until the
  /// next call; nil if it timed out.
  private func reply(to id: UInt64, by deadline: Deadline) throws(ClientError) -> MessageHeader? {
    if let kept = takeParked(where: { $0 == id }) {
      replyBytes = kept.payload
      return kept.header
    }
    replyBytes = nil
    while let header = try receive(by: deadline) {
      if header.id == id { return header }
      park(header)
    }
    return nil
  }

  /// Sends a request that the daemon answers at once, and passes its reply to `body`.
  ///
  /// - Throws: `.refused` for an error, `.timedOut`
  func request<Value>(
    _ opcode: Opcode, _ operation: Operation, _ payload: RawSpan = RawSpan(),
    timeout: Duration? = Connection.defaultTimeout,
    setup: (inout MessageHeader) -> Void = { _ in },
    accepting isAccepted: (MessageHeader) -> Bool = { $0.completion.isSuccess },
    _ body: (MessageHeader, RawSpan) throws(DecodeError) -> Value
  ) throws(ClientError) -> Value {
    var header = MessageHeader(opcode, id: newID())
    setup(&header)
    let reply = try answer(header, payload, operation, timeout)
    return try decode(reply, operation, isAccepted, body)
  }

  /// The part that does not depend on the type of a request's value, compiled once.
  private func answer(
    _ header: MessageHeader, _ payload: RawSpan, _ operation: Operation, _ timeout: Duration?
  ) throws(ClientError) -> MessageHeader {
    let deadline = Deadline.earlier(Deadline(after: timeout), latest)
    try send(header, payload, by: deadline, operation)
    do throws(ClientError) {
      if let reply = try reply(to: header.id, by: deadline) { return reply }
    } catch .interrupted {
      abandon(header.id)
      throw .interrupted
    }
    abandon(header.id)
    throw .timedOut(operation)
  }

  /// As `request`, for a request that may be pended for long.
  ///
  /// On timeout it is cancelled, and a reply that arrives before the cancellation counts. An
  /// interruption cancels it too, without waiting.
  func pendedRequest<Value>(
    _ opcode: Opcode, _ operation: Operation, _ payload: RawSpan = RawSpan(), timeout: Duration?,
    setup: (inout MessageHeader) -> Void = { _ in },
    accepting isAccepted: (MessageHeader) -> Bool = { $0.completion.isSuccess },
    _ body: (MessageHeader, RawSpan) throws(DecodeError) -> Value
  ) throws(ClientError) -> Value {
    var header = MessageHeader(opcode, id: newID())
    setup(&header)
    if let reply = try pendedAnswer(header, payload, operation, timeout) {
      return try decode(reply, operation, isAccepted, body)
    }
    // The reply of the cancelled request arrives before the reply of CANCEL.
    do throws(ClientError) {
      if let reply = try reply(to: header.id, by: .now) {
        return try decode(reply, operation, isAccepted, body)
      }
    } catch {
      guard error.status == .cancelled || error.status == .sendCancelled else { throw error }
    }
    abandon(header.id)
    throw .timedOut(operation)
  }

  /// The reply of a request that may be pended; nil if it timed out and was cancelled.
  private func pendedAnswer(
    _ header: MessageHeader, _ payload: RawSpan, _ operation: Operation, _ timeout: Duration?
  ) throws(ClientError) -> MessageHeader? {
    let deadline = Deadline.earlier(Deadline(after: timeout), latest)
    try send(header, payload, by: deadline, operation)
    do throws(ClientError) {
      if let reply = try reply(to: header.id, by: deadline) { return reply }
    } catch .interrupted {
      try cancelAndForget(header.id)
      throw .interrupted
    }
    do throws(ClientError) {
      _ = try cancel(header.id)
    } catch {
      // The daemon answers neither: late replies are dropped, and counted.
      abandon(header.id)
      throw error
    }
    return nil
  }

  /// Cancels a request without waiting for its end.
  private func cancelAndForget(_ id: UInt64) throws(ClientError) {
    let header = MessageHeader(.cancel, id: newID())
    let (front, payload) = (header.encoded, CancelRequest(id: id).encoded)
    abandon(id)
    if try unsafe trySend(front.span.bytes, payload.span.bytes) {
      abandon(header.id)
    } else {
      abandonUnsent(header.id)
    }
  }

  /// Decodes the last reply; throws a status that is not accepted.
  private func decode<Value>(
    _ header: MessageHeader, _ operation: Operation, _ isAccepted: (MessageHeader) -> Bool,
    _ body: (MessageHeader, RawSpan) throws(DecodeError) -> Value
  ) throws(ClientError) -> Value {
    if let kept = replyBytes {
      return try unsafe decode(header, kept.span.bytes, operation, isAccepted, body)
    }
    let socket = self.socket
    return try decode(header, socket.payload, operation, isAccepted, body)
  }

  /// Decodes a reply's payload; throws a status that is not accepted.
  func decode<Value>(
    _ header: MessageHeader, _ payload: RawSpan, _ operation: Operation,
    _ isAccepted: (MessageHeader) -> Bool,
    _ body: (MessageHeader, RawSpan) throws(DecodeError) -> Value
  ) throws(ClientError) -> Value {
    guard isAccepted(header) else {
      throw ClientError(refusal: header, payload, operation)
    }
    do throws(DecodeError) {
      return try body(header, payload)
    } catch {
      throw violation(.malformedReply(opcode: header.opcode))
    }
  }
}
