internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

/// The control thread: listener, sessions that have no binding open, interfaces, and the threads
/// of the bindings.
///
/// - Thread: its own; other threads call it through `loop.post`
/// - Source: `ndisprotd.docc/Architecture.md` section 4
final class ControlLoop: SessionHost, TurnHandler, BindingObserver, @unchecked Sendable {
  // Unchecked: confined to its loop.
  /// The thread's name in the kernel.
  static let threadName = "control"
  let loop: EventLoop
  let server: ServerCore
  let executor: LoopExecutor
  var policy: AccessPolicy
  /// Requests that wait for the running reload, and for the one after it.
  var reloads = ReloadQueue()
  /// When the configuration was read, and the result of the last reload.
  var history: ReloadHistory
  var statistics = StatisticsQueue()
  /// What was reported about users.
  var userReport = UserReport()
  private let listener: Listener
  private(set) var watch: (any InterfaceSource)?
  private let naming: DriverNameResolver
  private let directory: DirectoryQuestions
  private let buffers = HotCell(MessageBufferPool())
  private var sessions: [ObjectIdentifier: Session] = [:]
  private let unflushed = FlushList()
  private let departures = Departures()
  let meter = CPUAccounting()
  /// By their bindings, which they keep: an index may be a new interface's already.
  var threads: [ObjectIdentifier: BindingThread] = [:]
  var lastIdleNumber: UInt64 = 0
  /// The sessions that subscribed to events, on any loop.
  var subscribers: [ObjectIdentifier: (session: Session, subscription: Subscription)] = [:]
  private var whenReady: (([(name: InterfaceName, error: BindError)], SystemError?) -> Void)?
  /// Wanted interfaces that exist and cannot be bound.
  var refusals: [(name: InterfaceName, error: BindError)] = []

  init(server: ServerCore, listener: Int32, loop: EventLoop) {
    self.server = server
    self.listener = Listener(listener)
    self.loop = loop
    policy = server.configuration.policy
    policy.directory = DirectoryGroups()
    directory = DirectoryQuestions(server)
    history = ReloadHistory(failure: server.configuration.failure ?? "")
    executor = LoopExecutor(loop)
    naming = DriverNameResolver(
      server.driver, desk: server.desk, executor: executor,
      patienceNanoseconds: server.environment.cardDeadlineNanoseconds)
    loop.addTurnHandler(self)
  }

  /// Starts watching interfaces, and listens when a bind of the first ones was tried (D-41).
  ///
  /// - Parameter whenReady: receives the wanted interfaces that cannot be bound, or an error
  func start(
    whenReady: @escaping ([(name: InterfaceName, error: BindError)], SystemError?) -> Void
  ) {
    server.driver.observer = self
    self.whenReady = whenReady
    do throws(SystemError) {
      watch = try server.environment.startWatch(loop, naming)
      server.environment.watchAccounts(loop) { [weak self] in self?.accountsChanged() }
    } catch {
      ready(error)
    }
  }

  func bindsComplete() {
    do throws(SystemError) {
      try listener.start(on: self)
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

  /// The sessions on control's loop.
  var sessionsHere: [Session] { Array(sessions.values) }

  func endOpen(of session: Session) { session.endOpenByAdministrator() }

  /// Removes a session that moves to a binding's loop.
  func forget(_ session: Session) {
    sessions[ObjectIdentifier(session)] = nil
    unflushed.remove(session)
    if session.isLeaving { departures.remove(session) }
  }

  /// The loop of a binding, if it has one now.
  func runningLoop(of binding: AdapterBinding) -> BindingLoop? {
    threads[ObjectIdentifier(binding)]?.loop
  }

  // MARK: The turn

  func turnEnded() -> Bool {
    let isHolding = unflushed.endTurn()
    return departures.endTurn() || isHolding
  }

  func takeBuffer() -> MessageBuffer { buffers.value.take() }

  func needsFlush(_ session: Session) { unflushed.insert(session) }

  func sessionLeaves(_ session: Session) { departures.append(session) }

  /// A client was admitted; it continues when it is known which rules forbid it something.
  func begin(_ session: Session) {
    sessions[ObjectIdentifier(session)] = session
    directory.ask(session.credentials.userID, policy, self) { session.arrive() }
  }

  func sessionEnded(_ session: Session) { sessionEnded(session, on: nil) }

  /// A session has ended; `host` is the binding's loop that had it.
  func sessionEnded(_ session: Session, on host: BindingLoop?) {
    forget(session)
    subscribers[ObjectIdentifier(session)] = nil
    if let host { release(host) }
  }

  /// A binding's loop gives a session back: after CLOSE_DEVICE, a refused open, or an unbind.
  func takeBack(_ session: Session, from host: BindingLoop) {
    sessions[ObjectIdentifier(session)] = session
    session.arrive()
    release(host)
  }
}

// MARK: - What a session asks of control

extension ControlLoop {
  func handle(_ request: HostRequest, _ parcel: RequestBox, of session: Session) {
    switch request {
    case .open(let opening): open(opening)
    case .close:
      session.closeOpen(.closed)
      parcel.complete(.success)
    case .wait(let names, let milliseconds):
      guard let charge = server.budgets.waits.charge(to: session.holder) else {
        parcel.complete(.tooManyRequests)
        return
      }
      guard let request = parcel.take() else { return }
      server.driver.wait(
        request, names: names, timeoutNanoseconds: UInt64(milliseconds) * 1_000_000,
        executor: executor, charge: charge)
    case .cancelElsewhere(let id): cancel(id, parcel, of: session)
    case .statistics(let wanted): gatherStatistics(wanted, parcel, for: session)
    case .administer(let wanted):
      work(for: session) { administer(wanted, parcel, for: session) }
    case .subscribe(let subscription):
      subscribers[ObjectIdentifier(session)] = (session, subscription)
      parcel.complete(.success)
    }
  }

  private func cancel(_ id: UInt64, _ parcel: RequestBox, of session: Session) {
    let isCancelled = server.driver.cancelWait(id, of: session.file)
    parcel.complete(isCancelled ? .success : .notFound)
  }
}
