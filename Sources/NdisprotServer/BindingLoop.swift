internal import MDL
internal import NDIS
internal import Ndisprot
internal import Platform
internal import WDF

/// The thread of one binding: its data path, and the sockets of every session that opened it.
///
/// A frame goes from the capture ring to a client's socket, and a write to the wire, on this one
/// thread: no hop, no wake-up.
///
/// - Thread: its own; control talks to it through `loop.post`
/// - Source: `design.md` section 4
final class BindingLoop: SessionHost, TurnHandler, @unchecked Sendable {  // Confined to its loop.
  let loop: EventLoop
  let server: ServerCore
  let binding: AdapterBinding
  private(set) var policy: AccessPolicy
  /// As the kernel shows it, and the log when it hangs.
  let threadName: String
  /// What the data path was made for; another one needs another data path.
  let configuration: BindingConfiguration
  private let dataPath: BindingDataPath
  private let grant: RingBudget.Grant
  /// Keeps the binding's object until the loop has stopped.
  private var hold: Hold?
  private var buffers = MessageBufferPool()
  private var sessions: [ObjectIdentifier: Session] = [:]
  private let unflushed = FlushList()
  let meter = WorkMeter()

  /// Makes the data path of a binding; nothing is captured before the first open.
  init(
    _ binding: AdapterBinding, server: ServerCore, loop: EventLoop, policy: AccessPolicy
  ) throws(BindingError) {
    self.binding = binding
    self.policy = policy
    self.server = server
    self.loop = loop
    let attributes = binding.snapshot.attributes
    threadName = "bind-\(attributes.name)"
    configuration = server.configuration.binding(of: attributes)
    do throws(WdfError) {
      hold = try binding.object.hold("thread of \(attributes.name)")
    } catch {
      throw .adapterNotFound
    }
    guard
      let grant = server.rings.take(
        capture: configuration.captureRingByteCount, receive: configuration.receiveRingByteCount)
    else { throw .noMemory }
    if grant.capture < configuration.captureRingByteCount {
      server.log(
        .warning,
        "\(attributes.name): the capture ring is \(grant.capture >> 20) MiB, not "
          + "\(configuration.captureRingByteCount >> 20): other bindings hold the rest",
        binding: attributes.name)
    }
    self.grant = grant
    do throws(BindingError) {
      dataPath = try BindingDataPath(
        binding: binding, miniport: server.environment.makeMiniport(attributes, loop),
        executor: LoopExecutor(loop), profile: configuration.profile,
        captureRingByteCount: grant.capture, receiveRingByteCount: grant.receive,
        writeMemory: server.writeMemory)
    } catch {
      server.rings.give(grant)
      throw error
    }
    loop.addTurnHandler(self)
  }

  deinit {
    // A loop whose thread could not be started was never stopped.
    if hold != nil { server.rings.give(grant) }
  }

  // MARK: The turn

  func turnEnded() -> Bool {
    let hasMoreToSend = dataPath.sendPended()
    return unflushed.endTurn() || hasMoreToSend
  }

  func takeBuffer() -> MessageBuffer { buffers.take() }

  func needsFlush(_ session: Session) { unflushed.insert(session) }

  // MARK: Sessions

  /// Takes a session that wants this binding, and opens it; a refused one goes back.
  func adopt(_ session: Session, _ options: OpenOptions, _ request: RequestParcel) {
    sessions[ObjectIdentifier(session)] = session
    let isMade = session.makeOpen(
      options, on: binding, dataPath: dataPath, windowByteCount: grant.receive, request)
    if isMade { session.arrive() } else { giveBack(session) }
  }

  /// Takes another policy between two frames; mailed by control.
  ///
  /// - Returns: how many opens changed, and how many were closed
  func take(_ policy: AccessPolicy) -> PolicyTaken {
    self.policy = policy
    var taken = PolicyTaken()
    dataPath.changeMany {
      for session in Array(sessions.values) {
        let change = session.follow(policy)
        taken.count(change)
        if change == .closed {
          session.flush()
          if !session.isEnded { giveBack(session) }
        }
      }
    }
    return taken
  }

  /// Mails the session to control.
  private func giveBack(_ session: Session) {
    guard let control = server.control else { return }
    sessions[ObjectIdentifier(session)] = nil
    unflushed.remove(session)
    session.leave(for: control)
    _ = control.loop.post { control.takeBack(session, from: self) }
  }

  func sessionEnded(_ session: Session) {
    sessions[ObjectIdentifier(session)] = nil
    unflushed.remove(session)
    server.onControl { $0.sessionEnded(session, on: self) }
  }

  func handle(_ request: HostRequest, _ parcel: RequestParcel, of session: Session) {
    switch request {
    case .open: parcel.complete(.busy)
    case .close:
      session.closeOpen("closed")
      parcel.complete(.success)
      giveBack(session)
    case .wait, .cancelElsewhere, .statistics, .administer, .subscribe:
      server.onControl { $0.handle(request, parcel, of: session) }
    }
  }

  // MARK: The binding

  /// The interface changed; mailed by control.
  func bindingChanged(_ action: BindingStateMachine.Action) { dataPath.attributesChanged(action) }

  /// Lets the outstanding writes out, then calls back.
  ///
  /// - Parameter completion: called once, on this loop, with how many writes had to be cancelled
  /// - Returns: false if the loop has ended
  /// - Thread: control
  func drainMailed(_ completion: @escaping @Sendable (Int) -> Void) -> Bool {
    loop.post { self.dataPath.drain(completion) }
  }

  /// The adapter said something; mailed by control.
  func indicate(_ indication: StatusIndication) { dataPath.indicate(indication) }

  /// The interface is gone: everything completes, every session goes back with a dead open.
  func unbind() {
    dataPath.unbind()
    for session in sessions.values {
      session.flush()
      if !session.isEnded { giveBack(session) }
    }
  }

  /// The counters of the binding, and of those opens and sessions that are in scope.
  func counters(_ scope: StatisticsScope) -> [CounterSet] {
    let opens = dataPath.counters(upTo: StatisticsScope.maximumCount, of: scope.contains)
    // Sessions stand behind opens: no page has room for both.
    let count = opens.reduce(0) { $0 + $1.values.count }
    guard count < StatisticsScope.maximumCount else { return opens }
    meter.settle()
    return opens + sessions.values.filter(scope.contains).map(\.counterSet)
  }

  /// What the binding has counted.
  var traffic: BindingTraffic { dataPath.traffic }

  /// Nobody needs the binding any more: closes its handles and ends the loop.
  func stop() {
    guard hold.take() != nil else { return }
    dataPath.close()
    server.rings.give(grant)
    loop.removeTurnHandler(self)
    loop.stop()
  }
}
