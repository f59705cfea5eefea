internal import CLinux
internal import Glibc
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

/// The control thread: listener, sessions that have no binding open, interfaces, and the threads
/// of the bindings.
///
/// - Thread: its own; others talk to it through `loop.post`
/// - Source: `design.md` section 4
final class ControlLoop: SessionHost, TurnHandler, BindingObserver, EventHandler,
  @unchecked Sendable
{  // Confined to its loop.
  /// As the kernel shows it.
  static let threadName = "control"
  /// Sessions of administrators beyond the limit of all.
  private static let administratorSessions = 16

  let loop: EventLoop
  let server: ServerCore
  let executor: LoopExecutor
  var policy: AccessPolicy
  /// Whoever waits for the reload that runs, and for the one after it.
  var reloads = ReloadQueue()
  /// When the configuration was read, and what became of the last reload.
  var history = ReloadHistory()
  var statistics = StatisticsQueue()
  /// Whose questions for a user's rights are under way.
  var explaining = ExplainPlaces()
  private let listener: Int32
  private var listenerRegistration: Registration?
  private var reserve: Int32
  /// It is in the log, and no client has come in since.
  private var lacksDescriptors = false
  private(set) var watch: (any InterfaceSource)?
  private let naming: AdapterNaming
  private var buffers = MessageBufferPool()
  private var sessions: [ObjectIdentifier: Session] = [:]
  private var sessionCounts: [UInt32: Int] = [:]
  private(set) var sessionCount = 0
  private let unflushed = FlushList()
  let meter = WorkMeter()
  var threads: [Int32: BindingThread] = [:]
  var powerWaiters: [PowerWaiter] = []
  /// The sessions that hear of events, wherever they are.
  var subscribers: [ObjectIdentifier: (session: Session, subscription: Subscription)] = [:]
  private var whenReady: (([(name: String, error: BindError)], SystemError?) -> Void)?
  /// Wanted interfaces that are there and cannot be bound.
  var refusals: [(name: String, error: BindError)] = []

  init(server: ServerCore, listener: Int32, loop: EventLoop) {
    self.server = server
    self.listener = listener
    self.loop = loop
    policy = server.configuration.policy
    executor = LoopExecutor(loop)
    naming = AdapterNaming(
      server.driver, desk: server.desk, executor: executor,
      patienceNanoseconds: server.environment.cardDeadlineNanoseconds)
    reserve = unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
    loop.addTurnHandler(self)
  }

  /// Starts to watch interfaces, and to listen when the first of them were tried (D-41).
  ///
  /// - Parameter whenReady: hears which wanted interfaces cannot be bound, or what went wrong
  func start(
    whenReady: @escaping ([(name: String, error: BindError)], SystemError?) -> Void
  ) {
    server.driver.observer = self
    self.whenReady = whenReady
    do throws(SystemError) {
      watch = try server.environment.startWatch(loop, naming)
    } catch {
      ready(error)
    }
  }

  func bindsComplete() {
    do throws(SystemError) {
      listenerRegistration = try loop.register(listener, .read, self)
      tellOfAbsentInterfaces()
      ready(nil)
    } catch {
      ready(error)
    }
  }

  private func ready(_ error: SystemError?) {
    whenReady?(refusals, error)
    whenReady = nil
  }

  /// The sessions that control has.
  var sessionsHere: [Session] { Array(sessions.values) }

  /// Forgets a session that moves to a binding's loop.
  func forget(_ session: Session) {
    sessions[ObjectIdentifier(session)] = nil
    unflushed.remove(session)
  }

  /// The loop of a binding, if it has one now.
  func runningLoop(of binding: AdapterBinding) -> BindingLoop? {
    guard let host = threads[binding.interfaceIndex]?.loop, host.binding === binding else {
      return nil
    }
    return host
  }

  // MARK: The turn

  func turnEnded() -> Bool {
    unflushed.endTurn()
  }

  func takeBuffer() -> MessageBuffer { buffers.take() }

  func needsFlush(_ session: Session) { unflushed.insert(session) }
}

// MARK: - Sessions

extension ControlLoop {
  func ready(_ events: Interest) {
    // A bounded number a turn: a storm of connections must not starve those that are in.
    for _ in 0..<16 {
      let descriptor = clinux_accept(listener)
      if descriptor >= 0 {
        admit(descriptor)
        continue
      }
      if errno == EMFILE || errno == ENFILE { refuseForLackOfDescriptors() }
      return
    }
  }

  private func admit(_ descriptor: Int32) {
    guard let credentials = Credentials(ofPeer: descriptor) else {
      close(descriptor)
      return
    }
    if let cause = refusal(of: credentials) {
      server.auditDenial(
        AuditRecord(.denied, credentials, binding: "-", rule: cause.rule)
          .with("cause", text: cause.text), of: credentials)
      refuse(descriptor)
      return
    }
    SendBuffers.begin(descriptor)
    do throws(WdfError) {
      let session = try Session.make(
        descriptor: descriptor, credentials: credentials, server: server, host: self)
      lacksDescriptors = false
      sessions[ObjectIdentifier(session)] = session
      sessionCount += 1
      sessionCounts[credentials.userID, default: 0] += 1
      session.arrive()
    } catch {
      close(descriptor)
    }
  }

  /// Why there is no room for one session more of a client; nil if there is.
  private func refusal(of client: Credentials) -> (rule: String, text: String)? {
    let configuration = server.configuration
    let count = sessionCounts[client.userID, default: 0]
    if client.userID != 0 {
      if let refusal = policy.sessionRefusal(of: client, count: count) {
        return (refusal.ruleName, refusal.description)
      }
      if count >= configuration.maximumSessionsPerUser {
        return ("-", "sessions_per_user = \(configuration.maximumSessionsPerUser) is used up")
      }
    }
    // Who can do something about it gets in.
    let isAdministrator = client.userID == 0 || client.userID == server.ownUserID
    let spare = isAdministrator ? ControlLoop.administratorSessions : 0
    guard sessionCount >= configuration.maximumSessions + spare else { return nil }
    return ("-", "sessions = \(configuration.maximumSessions) is used up")
  }

  /// Says why before hanging up: the answer to the HELLO that the client is about to send.
  private func refuse(_ descriptor: Int32) {
    var header = MessageHeader(opcode: Opcode.hello.rawValue, id: 0)
    header.flags = MessageHeader.replyFlag
    header.setStatus(.tooManySessions)
    let bytes = header.encoded
    let span = bytes.span
    var message = OutgoingMessages()
    message.append(unsafe span.bytes, RawSpan())
    _ = message.flush(to: descriptor)
    close(descriptor)
  }

  /// Out of descriptors: the reserve lets one client in, to be told so.
  private func refuseForLackOfDescriptors() {
    close(reserve)
    let descriptor = clinux_accept(listener)
    if descriptor >= 0 {
      if !lacksDescriptors {
        server.log(
          .warning,
          "no descriptor is left for new clients: they are refused. Give the service a higher "
            + "LimitNOFILE, or write a lower [daemon] sessions")
      }
      lacksDescriptors = true
      refuse(descriptor)
    }
    reserve = unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
  }

  func sessionEnded(_ session: Session) { sessionEnded(session, on: nil) }

  /// A session's socket is closed; `host` is the binding's loop that had it.
  func sessionEnded(_ session: Session, on host: BindingLoop?) {
    sessions[ObjectIdentifier(session)] = nil
    subscribers[ObjectIdentifier(session)] = nil
    unflushed.remove(session)
    sessionCount -= 1
    let user = session.credentials.userID
    sessionCounts[user, default: 1] -= 1
    if sessionCounts[user] == 0 { sessionCounts[user] = nil }
    if let host { release(host) }
  }

  /// A binding's loop gives a session back: after CLOSE_DEVICE, a refused open, or an unbind.
  func takeBack(_ session: Session, from host: BindingLoop) {
    sessions[ObjectIdentifier(session)] = session
    session.arrive()
    release(host)
  }

  func handle(_ request: HostRequest, _ parcel: RequestParcel, of session: Session) {
    switch request {
    case .open(let options, let name): open(session, options, name: name, parcel)
    case .close:
      session.closeOpen("closed")
      parcel.complete(.success)
    case .wait(let names, let milliseconds):
      guard let request = parcel.take() else { return }
      server.driver.wait(
        request, names: names, timeoutNanoseconds: UInt64(milliseconds) * 1_000_000,
        executor: executor)
    case .cancelElsewhere(let id): cancel(id, parcel, of: session)
    case .statistics(let wanted): gatherStatistics(wanted, parcel, for: session)
    case .administer(let wanted):
      work(for: session) { administer(wanted, parcel, for: session) }
    case .subscribe(let subscription):
      subscribers[ObjectIdentifier(session)] = (session, subscription)
      parcel.complete(.success)
    }
  }

  private func cancel(_ id: UInt64, _ parcel: RequestParcel, of session: Session) {
    let isCancelled =
      endPowerWait(of: session, id: id) || server.driver.cancelWait(id, of: session.file)
    parcel.complete(isCancelled ? .success : .notFound)
  }
}
