internal import NDIS
internal import NdisprotControl

extension Connection {
  /// Waits for the reply of one request and lends it to `body`; nil when the deadline is over.
  func reply<Value>(
    to id: UInt64, by deadline: Deadline,
    _ body: (MessageHeader, RawSpan) throws(ClientError) -> Value
  ) throws(ClientError) -> Value? {
    if let kept = takeParked(where: { $0 == id }) {
      return try unsafe body(kept.header, kept.payload.span.bytes)
    }
    let socket = self.socket
    while let header = try receive(by: deadline) {
      if header.id == id { return try body(header, socket.payload) }
      park(header)
    }
    return nil
  }

  /// Sends a request that waits for nothing but the daemon, and lends its reply to `body`.
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
    let deadline = Deadline.earlier(Deadline(after: timeout), latest)
    try send(header, payload, by: deadline, operation)
    do throws(ClientError) {
      let value = try reply(to: header.id, by: deadline) {
        header, payload throws(ClientError) in
        try decode(header, payload, operation, isAccepted, body)
      }
      if let value { return value }
    } catch .interrupted {
      abandon(header.id)
      throw .interrupted
    }
    abandon(header.id)
    throw .timedOut(operation)
  }

  /// As `request`, for one that may be pended for long.
  ///
  /// When time is over it is cancelled, and what came before the cancellation counts. An
  /// interruption cancels it too, and waits for nothing.
  func pendedRequest<Value>(
    _ opcode: Opcode, _ operation: Operation, _ payload: RawSpan = RawSpan(), timeout: Duration?,
    setup: (inout MessageHeader) -> Void = { _ in },
    accepting isAccepted: (MessageHeader) -> Bool = { $0.completion.isSuccess },
    _ body: (MessageHeader, RawSpan) throws(DecodeError) -> Value
  ) throws(ClientError) -> Value {
    var header = MessageHeader(opcode, id: newID())
    setup(&header)
    let deadline = Deadline.earlier(Deadline(after: timeout), latest)
    try send(header, payload, by: deadline, operation)
    let take = { (header: MessageHeader, payload: RawSpan) throws(ClientError) -> Value in
      try self.decode(header, payload, operation, isAccepted, body)
    }
    do throws(ClientError) {
      if let value = try reply(to: header.id, by: deadline, take) { return value }
    } catch .interrupted {
      try cancelAndForget(header.id)
      throw .interrupted
    }
    do throws(ClientError) {
      _ = try cancel(header.id)
    } catch {
      // A daemon that answers neither: what comes late is dropped, and counted.
      abandon(header.id)
      throw error
    }
    // The reply of what was cancelled has come before the reply of CANCEL.
    do throws(ClientError) {
      if let value = try reply(to: header.id, by: .now, take) { return value }
    } catch {
      guard error.status == .cancelled || error.status == .sendCancelled else { throw error }
    }
    abandon(header.id)
    throw .timedOut(operation)
  }

  /// Cancels a request whose end nobody waits for.
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

  /// A reply's payload as a value; a status that is not accepted is thrown.
  func decode<Value>(
    _ header: MessageHeader, _ payload: RawSpan, _ operation: Operation,
    _ isAccepted: (MessageHeader) -> Bool,
    _ body: (MessageHeader, RawSpan) throws(DecodeError) -> Value
  ) throws(ClientError) -> Value {
    guard isAccepted(header) else {
      throw .init(refusal: header, payload, operation)
    }
    do throws(DecodeError) {
      return try body(header, payload)
    } catch {
      throw violation(.malformedReply(opcode: header.opcode))
    }
  }
}
