internal import NDIS
public import NdisprotControl

// Requests that do not wait, for programs with a loop of their own: `submit` sends one, `reap` takes the
// next that is done, whichever it is.

extension Connection {
  /// A request as the daemon takes it.
  public struct RawRequest: Sendable {
    /// What it asks.
    public var opcode: Opcode
    /// Which request of the sample, with `.deviceControl`.
    public var code: UInt32 = 0
    /// The room for what the reply carries.
    public var room: UInt32 = 0
    /// How many records the payload has.
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
    /// OPEN_DEVICE has room for its reply, which the sample knows nothing of.
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
  ///   - request: what it asks
  ///   - payload: its bytes
  ///   - deadline: how long to wait while the socket is full
  /// - Returns: the request's number, which `reap` and `requestCancellation` take
  /// - Throws: `.timedOut` while the socket is full; nothing was sent then
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

  /// How many submitted requests are not done.
  public var submittedCount: Int { submitted.count }

  /// Takes the next submitted request that is done, and lends its reply to `body`.
  ///
  /// Each request completes exactly once: when the daemon goes, those that are left complete with
  /// `CompletionStatus.restarted`, and only then this throws.
  ///
  /// - Returns: what `body` does; nil when the deadline is over
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

  /// Asks the daemon to cancel a submitted request, and does not wait for it.
  ///
  /// The request still completes: cancelled, or done before.
  ///
  /// - Returns: false if it is not under way
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
  /// Whether nothing more comes over the connection.
  var isEndOfSession: Bool {
    switch self {
    case .daemonGone, .protocolViolation: true
    default: false
    }
  }
}

extension Connection {
  /// Ends the session because a reply has a wrong shape, and returns the error that says so.
  public func hangUp(malformed opcode: Opcode) -> ClientError {
    violation(.malformedReply(opcode: opcode.rawValue))
  }
}
