internal import NDIS
public import NdisprotControl

// Requests that do not block, for programs with a loop of their own: `submit` sends one, `reap`
// takes the next completed one, whichever it is.

extension Connection {
  /// A request in the form of the protocol.
  public struct RawRequest: Sendable {
    /// The operation.
    public var opcode: Opcode
    /// The sample's request code, with `.deviceControl`.
    public var code: UInt32 = 0
    /// The room for the reply's payload.
    public var room: UInt32 = 0
    /// The number of records in the payload.
    public var count: UInt32 = 0

    /// Makes a request.
    public init(_ opcode: Opcode, code: UInt32 = 0, room: UInt32 = 0, count: UInt32 = 0) {
      self.opcode = opcode
      self.code = code
      self.room = room
      self.count = count
    }

    /// A request of the sample.
    ///
    /// OPEN_DEVICE gets room for its reply, which the sample does not have.
    public static func deviceControl(_ code: UInt32, room: Int) -> RawRequest {
      let isOpen = code == RequestCode.openDevice.rawValue
      let limit = MessageHeader.maximumPayloadByteCount
      return RawRequest(
        .deviceControl, code: code, room: UInt32(clamping: isOpen ? limit : min(room, limit)))
    }
  }

  /// Sends a request and returns at once.
  ///
  /// - Parameters:
  ///   - request: the request
  ///   - payload: its payload
  ///   - deadline: how long to wait while the socket is full
  /// - Returns: the request's number, for `reap` and `requestCancellation`
  /// - Throws: `.timedOut` if the socket stayed full; nothing was sent then
  public func submit(
    _ request: RawRequest, _ payload: RawSpan = RawSpan(), by deadline: Deadline
  ) throws(ClientError) -> UInt64 {
    var header = MessageHeader(request.opcode, id: newID())
    header.code = request.code
    header.information = request.room
    header.count = request.count
    do throws(ClientError) {
      try send(header, payload, by: deadline, request.opcode == .read ? .read : .write)
    } catch {
      abandonUnsent(header.id)
      throw error
    }
    submitted.insert(header.id)
    return header.id
  }

  /// How many submitted requests have not completed.
  public var submittedCount: Int { submitted.count }

  /// Takes the next completed request, and passes its reply to `body`.
  ///
  /// Each request completes exactly once: when the daemon goes away, the outstanding ones complete
  /// with `CompletionStatus.restarted`, and only after that this throws.
  ///
  /// - Returns: what `body` does; nil if it timed out
  public func reap<Value>(
    by deadline: Deadline, _ body: (MessageHeader, RawSpan) -> Value
  ) throws(ClientError) -> Value? {
    let socket = self.socket
    do throws(ClientError) {
      if let kept = takeParked(where: { submitted.contains($0) }) {
        submitted.remove(kept.header.id)
        return unsafe body(kept.header, kept.payload.span.bytes)
      }
      while let header = try receive(by: deadline) {
        if submitted.remove(header.id) != nil { return body(header, socket.payload) }
        park(header)
      }
      return nil
    } catch {
      guard error.isEndOfSession, let id = submitted.popFirst() else { throw error }
      var header = MessageHeader(opcode: 0, id: id)
      header.completion = .restarted
      return body(header, RawSpan())
    }
  }

  /// Asks the daemon to cancel a submitted request, and does not wait for the result.
  ///
  /// The request still completes: as cancelled, or with its result.
  ///
  /// - Returns: false if it is not outstanding
  /// - Throws: `.timedOut` while the socket is full
  public func requestCancellation(
    of id: UInt64, by deadline: Deadline
  ) throws(ClientError) -> Bool {
    guard submitted.contains(id) else { return false }
    let header = MessageHeader(.cancel, id: newID())
    let payload = CancelRequest(id: id).encoded
    do throws(ClientError) {
      try unsafe send(header, payload.span.bytes, by: deadline, .cancel)
    } catch {
      abandonUnsent(header.id)
      throw error
    }
    abandon(header.id)
    return true
  }
}

extension ClientError {
  /// Whether nothing more can arrive over the connection.
  var isEndOfSession: Bool {
    switch self {
    case .daemonGone, .protocolViolation: true
    default: false
    }
  }
}

extension Connection {
  /// Ends the session because a reply is malformed, and returns the matching error.
  public func hangUp(malformed opcode: Opcode) -> ClientError {
    violation(.malformedReply(opcode: opcode.rawValue))
  }
}
