internal import NDIS
internal import NdisprotControl
internal import Platform

/// A session with the daemon: sends requests, and receives replies in any order.
///
/// A request blocks until its reply arrives, its deadline passes, or `interruption` is raised.
/// Replies to other pended requests that arrive meanwhile are kept for them.
///
/// ```swift
/// let connection = try Connection()
/// let binding = try connection.open("eth0", etherTypes: .eapol)
/// let frame = try binding.read(timeout: .seconds(5))
/// ```
///
/// - Thread: one at a time; it is not Sendable and can be sent to another thread as a whole
public final class Connection {
  /// The daemon's default socket.
  public static let defaultPath = "/run/ndisprot.sock"
  /// The time limit for requests that the daemon answers at once.
  public static let defaultTimeout = Duration.seconds(10)

  let socket: MessageSocket
  /// Ends the waits of this connection from another thread.
  public var interruption: CancellationToken? {
    get { raised }
    set { raised = newValue }
  }
  /// The latest end of every request, whatever its own deadline: the deadline of a whole program.
  public var latest: Deadline {
    get { end }
    set { end = newValue }
  }
  // Stored apart: of a field that other modules change, every use is checked for exclusive access.
  private var raised: CancellationToken?
  private var end = Deadline.never
  /// How long a wait polls before it sleeps (`spin`).
  var spinNanoseconds: UInt64 = 0
  /// Polls for a reply; nil if a wait sleeps at once.
  ///
  /// The C library has nothing that polls.
  var poll: ((Deadline) throws(ClientError) -> MessageHeader?)?
  /// How long the CANCEL of a timed-out request may take.
  var cancelTimeout = Connection.defaultTimeout
  private var lastID: UInt64 = 0
  private let pended = HotCell(RequestNumbers(room: 64))
  private let abandoned = HotCell(RequestNumbers(room: 8))
  /// Replies that arrived after their request was abandoned; the frames in them are lost.
  public private(set) var lateReplyCount: UInt64 = 0
  private let parked = HotCell<[ParkedReply]>([])
  /// The payload of the last awaited reply, if it had been kept; otherwise it is the socket's.
  var replyBytes: [UInt8]? {
    get { keptBytes.value }
    set { keptBytes.value = newValue }
  }
  private let keptBytes = HotCell<[UInt8]?>(nil)
  /// Events that are not taken yet.
  var events: [EventMessage] = []
  /// Whether the session has subscribed; events are ignored otherwise.
  var isSubscribed = false

  /// A reply that arrived during the wait for another one.
  struct ParkedReply {
    let header: MessageHeader
    let payload: [UInt8]
  }

  /// The daemon's optional features.
  private(set) var features: ProtocolFeatures = []

  /// Requests of `submit` that `reap` has not returned yet.
  var submitted: Set<UInt64> = []

  /// For poll(2): readable when the daemon has sent something.
  ///
  /// It belongs to the connection. What arrived during the wait for another reply is kept in
  /// memory: take everything available without blocking (`next(by: .now)`) right before each poll.
  public var descriptor: Int32 { socket.descriptor }

  /// The most bytes of a message, as negotiated with the daemon.
  public private(set) var maximumMessageByteCount = MessageHeader.maximumMessageByteCount

  /// Connects, checks the daemon's user, and negotiates a version.
  ///
  /// - Parameters:
  ///   - path: the daemon's socket; by default the one given in `NDISPROT_SOCKET`
  ///   - interruption: ends the waits of this connection
  ///   - timeout: how long connecting may take; nil waits indefinitely
  /// - Throws: `.cannotReach`, `.untrustedServer`; `.refused` with `tooManySessions`
  public convenience init(
    path: String = Connection.environmentPath, interruption: CancellationToken? = nil,
    timeout: Duration? = Connection.defaultTimeout
  ) throws(ClientError) {
    let deadline = Deadline(after: timeout)
    try self.init(
      MessageSocket(path: path, by: deadline), interruption: interruption, by: deadline)
  }

  /// Negotiates a version over a connected socket.
  init(
    _ socket: MessageSocket, interruption: CancellationToken?, by deadline: Deadline
  ) throws(ClientError) {
    self.socket = socket
    self.interruption = interruption
    try greet(by: deadline)
  }

  /// HELLO; a daemon that admits no more sessions reports it with id 0, and hangs up.
  private func greet(by deadline: Deadline) throws(ClientError) {
    let header = MessageHeader(.hello, id: newID())
    let payload = HelloRequest(features: ProtocolFeatures.all.rawValue).encoded
    let front = header.encoded
    // Whether it could be sent does not matter: a daemon that hangs up has sent the reason before.
    _ = try unsafe socket.trySend(front.span.bytes, payload.span.bytes)
    let reply = try receiveGreeting(by: deadline)
    guard reply.opcode == Opcode.hello.rawValue, reply.id == 0 || reply.id == header.id else {
      throw violation(.unexpectedReply(id: reply.id))
    }
    _ = pended.value.remove(header.id)
    guard reply.completion.isSuccess else { throw .refused(reply.completion, .connect) }
    let socket = self.socket
    do throws(DecodeError) {
      let granted = try HelloReply(decoding: socket.payload)
      guard granted.version == ProtocolVersion.current else {
        throw .invalidValue
      }
      features = ProtocolFeatures(rawValue: granted.features)
      maximumMessageByteCount = min(
        Int(granted.maximumMessageByteCount), MessageHeader.maximumMessageByteCount)
    } catch {
      throw violation(.malformedReply(opcode: reply.opcode))
    }
  }

  private func receiveGreeting(by deadline: Deadline) throws(ClientError) -> MessageHeader {
    while true {
      switch try socket.tryReceive() {
      case .done: return try decodedHeader()
      // What the daemon sent before it hung up follows the reset.
      case .reset: continue
      case .gone: throw .daemonGone
      case .wouldBlock:
        guard try !socket.wait(for: .receive, by: deadline, interruption).isEmpty else {
          throw .timedOut(.connect)
        }
      }
    }
  }

  // MARK: Sending

  /// A number for a request, which counts as pended from now on.
  func newID() -> UInt64 {
    lastID &+= 1
    pended.value.insert(lastID)
    return lastID
  }

  /// Sends a request; messages that arrive while the socket is full are kept.
  func send(
    _ header: MessageHeader, _ payload: RawSpan = RawSpan(), by deadline: Deadline,
    _ operation: Operation
  ) throws(ClientError) {
    if interruption?.isRaised == true {
      _ = pended.value.remove(header.id)
      throw .interrupted
    }
    let front = header.encoded
    while try unsafe !trySend(front.span.bytes, payload) {
      let ready = try socket.wait(for: [.send, .receive], by: deadline, interruption)
      if ready.isEmpty {
        _ = pended.value.remove(header.id)
        throw .timedOut(operation)
      }
      if !ready.contains(.send), let reply = try tryReceive() { park(reply) }
    }
  }

  /// Sends a message if the socket has room.
  func trySend(_ front: RawSpan, _ rest: RawSpan = RawSpan()) throws(ClientError) -> Bool {
    switch try socket.trySend(front, rest) {
    case .done: return true
    case .wouldBlock: return false
    case .gone, .reset: throw .daemonGone
    }
  }

  // MARK: Receiving

  /// The next reply, if one is available; its payload is `socket.payload` until the next call.
  ///
  /// With `waiting` it blocks for a while for one message, and cannot be interrupted.
  func tryReceive(waiting isWaiting: Bool = false) throws(ClientError) -> MessageHeader? {
    var isWaiting = isWaiting
    while true {
      if interruption?.isRaised == true { throw .interrupted }
      let outcome = try socket.tryReceive(waiting: isWaiting)
      isWaiting = false
      switch outcome {
      case .wouldBlock: return nil
      case .gone: throw .daemonGone
      // What the daemon sent before it hung up follows the reset.
      case .reset: continue
      case .done: break
      }
      let header = try decodedHeader()
      if header.opcode == Opcode.event.rawValue {
        if isSubscribed { try keepEvent(header) }
        continue
      }
      if abandoned.value.remove(header.id) {
        lateReplyCount &+= 1
        continue
      }
      guard pended.value.remove(header.id) else {
        throw violation(.unexpectedReply(id: header.id))
      }
      return header
    }
  }

  /// The next reply; nil if it timed out.
  func receive(by deadline: Deadline) throws(ClientError) -> MessageHeader? {
    if let poll, let header = try poll(deadline) { return header }
    // A wait for nothing but a message needs no system call of its own.
    var isWaiting =
      interruption == nil && deadline.leaves(nanoseconds: MessageSocket.receiveWaitNanoseconds)
    while true {
      if let header = try tryReceive(waiting: isWaiting) { return header }
      isWaiting = false
      if try socket.wait(for: .receive, by: deadline, interruption).isEmpty { return nil }
    }
  }

  private func decodedHeader() throws(ClientError) -> MessageHeader {
    let socket = self.socket
    do throws(ViolationError) {
      return try MessageHeader(decodingReply: socket.message)
    } catch {
      throw violation(error)
    }
  }

  /// Hangs up because of a protocol violation by the daemon.
  func violation(_ error: ViolationError) -> ClientError {
    socket.hangUp()
    return .protocolViolation(error)
  }

  // MARK: Replies out of turn

  /// Keeps the last received reply.
  func park(_ header: MessageHeader) {
    let socket = self.socket
    let bytes = unsafe socket.payload.withUnsafeBytes { unsafe Array($0) }
    parked.value.append(ParkedReply(header: header, payload: bytes))
  }

  /// The oldest kept reply that matches.
  func takeParked(where isMeant: (UInt64) -> Bool) -> ParkedReply? {
    guard !parked.value.isEmpty,
      let index = parked.value.firstIndex(where: { isMeant($0.header.id) })
    else { return nil }
    return parked.value.remove(at: index)
  }

  /// Abandons the reply of a request.
  func abandon(_ id: UInt64) {
    if takeParked(where: { $0 == id }) == nil, pended.value.remove(id) {
      abandoned.value.insert(id)
    }
  }

  /// The request was not sent after all.
  func abandonUnsent(_ id: UInt64) { _ = pended.value.remove(id) }
}
