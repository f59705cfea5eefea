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
/// that loop reads from its socket and writes to it; a completion made elsewhere is mailed there.
///
/// - Thread: the loop that has it, but for `requestCompleted`
/// - Windows: the file object and the IRPs of one handle
final class Session: Requester, EventHandler, @unchecked Sendable {  // One loop has it at a time.
  let socket: ClientSocket
  let credentials: Credentials
  /// User and program by name, for records.
  let identity: ClientIdentity
  let server: ServerCore
  /// What tells it from all others since the start: in statistics, and for `close`.
  let number: UInt64
  let file: Ref<FileObject>
  /// The loop that has it; asked by whoever completes a request on another.
  private let currentHost: LockedValue<any SessionHost>

  /// What it has open.
  let lease = OpenLease()
  /// The OPEN that is under way, one at most.
  private(set) var opening: Opening?
  /// What is still to be sent.
  let replies: ReplyQueue
  /// What it is charged for as a session.
  private let place: SessionPlace
  /// Some rule of the access policy names the client, or it is an administrator.
  private(set) var isKnown: Bool
  private(set) var isGreeted = false
  /// What it and the daemon agreed on.
  private(set) var features: ProtocolFeatures = []
  /// Ends a session that does not say HELLO.
  private var greetingTimer: LoopTimer?
  /// What it wants to hear; nil until it asks.
  private(set) var subscription: Subscription?
  private(set) var isEnded = false
  /// Its client left, or takes nothing: it ends with one of the next turns.
  private(set) var isLeaving = false
  /// Descriptors that the client sent.
  private var received: [Int32] = []
  private var registration: Registration?
  private var interest: Interest = []
  /// A message came in this turn: replies to writes may wait for the next.
  private var didReceiveThisTurn = false
  /// The place in the list of its loop for the end of the turn; belongs to that list.
  var isListedForFlush = false
  private(set) var counters = SessionCounters()
  let questions = StatisticsQuestions()
  let reasons = RefusalReasons()
  /// What was refused of the open there is.
  var denials = OpenDenials()
  /// The end of the open is in the audit already.
  var isCloseAudited = false
  /// It asks for totals, and is not counted in them.
  var isScraper = false
  /// Why the open ends when the session does.
  var endReason = CloseReason.hungUp
  /// What it has cost; belongs to the meter of its loop.
  var work = SessionWork()
  private(set) var meter: WorkMeter

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
    replies = ReplyQueue(socket)
    currentHost = LockedValue(host)
    meter = host.meter
  }

  /// The loop that has the session.
  var host: any SessionHost { currentHost.withLock { $0 } }

  /// The open there is; nil if there is none.
  var open: OpenContext? { lease.open }

  // MARK: Opening

  /// An OPEN begins; `openingEnded` follows.
  func openingBegins(_ opening: Opening) { self.opening = opening }

  /// The OPEN is answered.
  func openingEnded() { opening = nil }

  /// It hears of events from now on.
  func subscribed(_ subscription: Subscription) { self.subscription = subscription }

  // MARK: Moving

  /// Takes the session off its loop; what is mailed from now on goes to `next`.
  func leave(for next: any SessionHost) {
    unregister()
    meter.release(self)
    meter = next.meter
    currentHost.withLock { $0 = next }
  }

  /// Goes on, on the loop that now has it.
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

  /// Who connects and says nothing gives the place to another.
  private func expectGreeting() {
    let timer = LoopTimer { [weak self] in
      self?.end("it did not say HELLO within 5 seconds")
    }
    greetingTimer = timer
    host.loop.arm(timer, afterNanoseconds: Session.greetingNanoseconds)
  }

  /// The client has said HELLO.
  func greeted(_ features: ProtocolFeatures) {
    isGreeted = true
    self.features = features
    forgetGreeting()
  }

  private func forgetGreeting() {
    if let greetingTimer { host.loop.disarm(greetingTimer) }
    greetingTimer = nil
  }

  /// A client that no rule knows is charged as a stranger.
  func followKnown(_ policy: AccessPolicy) {
    let knows = policy.knows(credentials) || isAdministrator
    guard knows != isKnown else { return }
    isKnown = knows
    place.change(isKnown ? nil : server.budgets.strangers.chargeAnyway(to: holder))
  }

  /// Who is charged for what the daemon keeps for it.
  var holder: Budget.Holder {
    Budget.Holder(userID: credentials.userID, session: file.id.rawValue)
  }

  /// Has epoll report what matters now.
  func followInterest() {
    let wanted = replies.interest()
    guard wanted != interest, let registration else { return }
    interest = wanted
    host.loop.modify(registration, wanted)
  }

  // MARK: Counting

  /// A request came.
  func countIssued() { counters.issued &+= 1 }

  /// A request ended.
  func countEnd(_ parameters: RequestParameters, _ status: RequestStatus) {
    counters.count(status)
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

  /// The client left, or reads no more: the session ends when its loop comes to it.
  ///
  /// Nobody whose request is being answered ends in here, and a crowd that leaves at once is ended
  /// for a bounded time a turn.
  func depart() {
    guard !isEnded, !isLeaving else { return }
    isLeaving = true
    unregister()
    host.sessionLeaves(self)
  }

  /// Nothing is received and sent any more, and what is pended is cancelled.
  ///
  /// - Parameter violation: what the client did against the protocol; nil if it just left
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

  /// Tells the trace of something; a branch while nobody records.
  ///
  /// - Parameters:
  ///   - name: what happens
  ///   - first: a number that the name explains
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
      // What waits grows: at the bound its messages are not read any more.
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

  /// The file object's close: every request is complete, and its reply leaves or is lost.
  private func finish() {
    note("finish")
    flush()
    fold()
    if !isEnded { hangUp() }
    meter.release(self)
    server.closers.close(socket, received: received, of: credentials.userID, place)
    host.sessionEnded(self)
  }

  /// Makes a session and its file object, each other's.
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
