internal import MDL
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import Synchronization
internal import WDF

/// One connection of a client: the context of a file object of the control device, and the socket
/// behind it.
///
/// ```
///  the client leaves, breaks the protocol ─► end ─► file.close ─┬► cleanUp: the open, the waits
///  the driver unloads ──────────────────────────────────────────┘      │ the last request completes
///                                                                      ▼
///                                             finish: replies leave, the socket is closed
/// ```
///
/// Exactly one loop has a session at a time: control's, or that of the binding it has open. Only
/// that loop reads from its socket and writes to it; a completion on another thread is mailed
/// there.
///
/// - Thread: the loop that has it, except `requestCompleted`
/// - Windows: the file object and the IRPs of one handle
final class Session: RequestClient, EventHandler, @unchecked Sendable {
  // Unchecked: one loop has it at a time.
  let socket: ClientSocket
  let credentials: Credentials
  /// User and program by name, for records.
  let identity: ClientIdentity
  let server: ServerCore
  /// Unique among all sessions since the start: in statistics, and for `close`.
  let number: UInt64
  let file: Ref<FileObject>
  /// The loop that has it; read by completions on other loops.
  private let currentHost: LockedValue<any SessionHost>

  /// Its open.
  let lease = OpenLease()
  /// The OPEN in progress; a session has at most one.
  private(set) var opening: Opening?
  /// What is still to be sent.
  let replies: ReplyQueue
  /// Its charges as a session.
  private let place: SessionPlace
  /// Whether some rule of the access policy names the client, or it is an administrator.
  private(set) var isKnown: Bool
  private(set) var isGreeted = false
  /// The features negotiated with the client.
  private(set) var features: ProtocolFeatures = []
  /// Ends a session that does not say HELLO.
  private var greetingTimer: LoopTimer?
  /// Its event subscription; nil until it subscribes.
  private(set) var subscription: Subscription?
  private(set) var isEnded = false
  /// Its client left, or receives nothing any more: the session ends in one of the next turns.
  private(set) var isLeaving = false
  /// Descriptors that the client sent.
  private var received: [Int32] = []
  private var registration: Registration?
  private var interest: Interest = []
  /// A message arrived in this turn: replies to writes may wait for the next turn.
  private var didReceiveThisTurn = false
  /// Whether it is in its loop's list for the end of the turn; belongs to that list.
  var isListedForFlush = false
  private(set) var counters = SessionCounters()
  let questions = StatisticsQuestions()
  let reasons = RefusalReasons()
  /// What was refused of the current open.
  var denials = OpenDenials()
  /// The end of the open has already been audited.
  var isCloseAudited = false
  /// It asks for totals, and is not counted in them.
  var isScraper = false
  /// Why the open ends when the session does.
  var endReason = CloseReason.hungUp
  /// What it cost; belongs to the meter of its loop.
  var work = SessionWork()
  private(set) var meter: CPUAccounting

  init(
    _ socket: ClientSocket, _ place: SessionPlace, credentials: Credentials, server: ServerCore,
    file: Ref<FileObject>, host: any SessionHost, isKnown: Bool
  ) {
    self.socket = socket
    self.isKnown = isKnown
    number = server.sessionNumber.add(1, ordering: .relaxed).newValue
    self.place = place
    self.credentials = credentials
    identity = ClientIdentity(credentials, server.userNames)
    self.server = server
    self.file = file
    replies = ReplyQueue(socket, server.budgets.replies, of: credentials.userID)
    currentHost = LockedValue(host)
    meter = host.meter
  }

  /// The loop that has the session.
  var host: any SessionHost { currentHost.withLock { $0 } }

  /// The current open; nil if the session has none.
  var open: OpenContext? { lease.open }

  // MARK: Opening

  /// An OPEN begins; `openingEnded` follows.
  func openingBegins(_ opening: Opening) { self.opening = opening }

  /// The OPEN has been answered.
  func openingEnded() { opening = nil }

  /// The session has subscribed to events.
  func subscribed(_ subscription: Subscription) { self.subscription = subscription }

  // MARK: Moving

  /// Takes the session off its loop; work mailed from now on goes to `next`.
  func leave(for next: any SessionHost) {
    unregister()
    meter.release(self)
    meter = next.meter
    currentHost.withLock { $0 = next }
  }

  /// Continues on the loop that has the session now.
  func arrive() {
    guard !isEnded else { return }
    note("arrive")
    followKnown(host.policy)
    guard !isLeaving else {
      host.sessionLeaves(self)
      return
    }
    interest = replies.interest()
    do throws(SystemError) {
      registration = try host.loop.register(socket.descriptor, interest, self)
    } catch {
      end("its socket cannot be watched: \(error)")
      return
    }
    if !replies.isIdle { host.needsFlush(self) }
    if !isGreeted, greetingTimer == nil { expectGreeting() }
  }

  /// How long a client may take to say HELLO.
  static let greetingNanoseconds: UInt64 = 5_000_000_000

  /// A client that connects and stays silent gives its place to another.
  ///
  /// The timer keeps the session until HELLO or its end, which take it out. A weak reference would
  /// double what every later one costs: the object's counts would move out of it for good.
  private func expectGreeting() {
    let timer = LoopTimer { [self] in end("it did not say HELLO within 5 seconds") }
    greetingTimer = timer
    host.loop.arm(timer, afterNanoseconds: Session.greetingNanoseconds)
  }

  /// The client has sent HELLO.
  func greeted(_ features: ProtocolFeatures) {
    isGreeted = true
    self.features = features
    forgetGreeting()
  }

  private func forgetGreeting() {
    if let greetingTimer { host.loop.disarm(greetingTimer) }
    greetingTimer = nil
  }

  /// Charges a client that no rule names as a stranger.
  func followKnown(_ policy: AccessPolicy) {
    let knows = policy.knows(credentials) || isAdministrator
    guard knows != isKnown else { return }
    isKnown = knows
    place.change(isKnown ? nil : server.budgets.strangers.chargeAnyway(to: holder))
  }

  /// The holder of the charges for what the daemon stores for the client.
  var holder: Budget.Holder {
    Budget.Holder(userID: credentials.userID, session: file.id.rawValue)
  }

  /// Updates what epoll reports.
  func followInterest() {
    let wanted = replies.interest()
    guard wanted != interest, let registration else { return }
    interest = wanted
    host.loop.modify(registration, wanted)
  }

  // MARK: Counting

  /// Counts an incoming request.
  func countIssued() { counters.issued &+= 1 }

  /// Counts the end of a request.
  func countEnd(_ parameters: RequestParameters, _ status: RequestStatus) {
    // Found out first: what is asked in the middle of a change has the change checked as it runs.
    let isCancelled = status.ntStatus == NTStatus.cancelled.rawValue
    counters.count(isSuccess: status.errno == 0, isCancelled: isCancelled)
    if parameters.isTransfer { lease.transferEnded() }
    note("complete", parameters.id, UInt64(status.errno))
  }

  // MARK: Receiving

  func ready(_ events: Interest) {
    // It may leave this loop in the middle.
    let meter = self.meter
    let isMeasured = meter.begin(self)
    defer { meter.end(isMeasured) }
    if events.contains(.write) { socketHasRoom() }
    if events.contains(.read), !isEnded {
      didReceiveThisTurn = true
      receive()
    } else if !events.intersection([.hangUp, .error]).isEmpty, !isEnded {
      depart()
    }
  }

  private func receive() {
    let buffer = host.takeBuffer()
    switch socket.receive(into: buffer) {
    case .message: handleMessage(buffer)
    case .nothing: break
    case .end: depart()
    case .descriptors(let descriptors):
      received += descriptors
      end("a message carried file descriptors")
    case .tooLong:
      end("a message was longer than \(MessageHeader.maximumMessageByteCount) bytes")
    }
  }

  // MARK: Ending

  /// The client left, or reads no more: the session ends when its loop gets to it.
  ///
  /// So a session never ends while one of its requests is being answered, and when many clients
  /// leave at once, ending them takes a bounded time per turn.
  func depart() {
    guard !isEnded, !isLeaving else { return }
    isLeaving = true
    unregister()
    host.sessionLeaves(self)
  }

  /// Stops receiving and sending, and cancels what is pended.
  ///
  /// - Parameter violation: how the client broke the protocol; nil if it just left
  func end(_ violation: String?) {
    guard !isEnded else { return }
    if let violation {
      server.logFailure(
        .warning, "session of \(credentials.name) closed: \(violation)", .violation,
        binding: open?.binding.snapshot.attributes.name.text, of: credentials)
      if endReason == .hungUp { endReason = .violation }
    }
    hangUp()
    file.close()
  }

  /// Records an event in the trace; costs one branch while tracing is off.
  ///
  /// - Parameters:
  ///   - name: what happens
  ///   - first: a number whose meaning depends on the name
  ///   - second: another
  @inline(__always)
  func note(_ name: StaticString, _ first: UInt64 = 0, _ second: UInt64 = 0) {
    server.trace.record(
      .control, name, file.id,
      scope: open.map { UInt32(bitPattern: $0.binding.interfaceIndex) } ?? 0, first, second)
  }

  /// The daemon stops.
  private func stop() {
    endReason = .stopped
    file.close()
  }

  private func hangUp() {
    isEnded = true
    forgetGreeting()
    unregister()
  }

  private func unregister() {
    if let registration { host.loop.unregister(registration) }
    registration = nil
  }

  /// The end of a turn of the loop.
  ///
  /// - Returns: whether replies are held for another turn
  func endTurn() -> Bool {
    defer { didReceiveThisTurn = false }
    guard !isEnded, !replies.isIdle else { return false }
    guard !replies.isFull else {
      // The queue grows: at the bound, the session's messages are no longer read.
      followInterest()
      return false
    }
    if replies.mayHold, didReceiveThisTurn { return true }
    flush()
    return false
  }

  /// The file object's cleanup: ends what only the driver can end.
  private func cleanUp() {
    opening?.cancel()
    closeOpen(endReason)
    dropStatistics()
    server.cancelWaits(of: self)
  }

  /// The file object's close: every request is complete, and its reply is sent or lost.
  private func finish() {
    note("finish")
    flush()
    fold()
    if !isEnded { hangUp() }
    meter.release(self)
    server.closers.close(socket, received: received, of: credentials.userID, place)
    host.sessionEnded(self)
  }

  /// Creates a session and its file object, each referring to the other.
  ///
  /// - Throws: `.deletePending` once the driver unloads
  static func make(
    _ socket: ClientSocket, _ place: SessionPlace, credentials: Credentials, server: ServerCore,
    host: any SessionHost, isKnown: Bool
  ) throws(WdfError) -> Session {
    let context = Context<FileObject, Session>(make: { file in
      Session(
        socket, place, credentials: credentials, server: server, file: file, host: host,
        isKnown: isKnown)
    })
    let file = try server.device.makeFileObject(
      credentials.name, context,
      onCleanup: { file in session(of: file)?.cleanUp() },
      onClose: { file in
        // Mailed even from its own loop: behind the completions that other loops have mailed.
        guard let session = session(of: file) else { return }
        _ = session.host.loop.post { session.onHost { $0.finish() } }
      },
      onUnload: { file in session(of: file)?.onHost { $0.stop() } })
    return try file.withContext(Session.self) { $0 }
  }

  private static func session(of file: Ref<FileObject>) -> Session? {
    try? file.withContext(Session.self) { $0 }
  }
}
