internal import MDL
internal import NDIS
internal import Ndisprot
internal import Platform
internal import WDF

/// The thread of one binding: its data path, and the sockets of every session that opened it.
///
/// On this one thread a frame goes from the capture ring to a client's socket, and a write goes to
/// the wire, without a change of threads or a wake-up.
///
/// - Thread: its own; control calls it through `loop.post`
/// - Source: `ndisprotd.docc/Architecture.md` section 4
final class BindingLoop: SessionHost, TurnHandler, @unchecked Sendable {  // Confined to its loop.
  let loop: EventLoop
  let server: ServerCore
  let binding: AdapterBinding
  private(set) var policy: AccessPolicy
  /// The thread's name in the kernel, and in the log if it hangs.
  let threadName: String
  /// The configuration of the data path; a different one needs another data path.
  let configuration: BindingConfiguration
  private let dataPath: BindingDataPath
  /// The memory of its rings, until they are closed.
  private var grant: RingBudget.Grant?
  private let receiveRingByteCount: Int
  private let shrunk = ShrunkRing()
  /// Keeps the binding's object until the loop has stopped.
  private var hold: Hold?
  private let buffers = HotCell(MessageBufferPool())
  private var sessions: [ObjectIdentifier: Session] = [:]
  private let unflushed = FlushList()
  private let departures = Departures()
  private var isStopping = false
  let meter = CPUAccounting()

  /// Creates the data path of a binding; capture starts with the first open, whose user is charged
  /// for the rings.
  init(
    _ binding: AdapterBinding, server: ServerCore, loop: EventLoop, policy: AccessPolicy,
    userID: UInt32
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
    // At least two frames: one is read while the next one arrives.
    let receive = max(
      configuration.receiveRingByteCount, 2 * FrameRecord.byteCount(ofMTU: attributes.mtu))
    let grant: RingBudget.Grant
    do throws(Budget.Refusal) {
      grant = try server.budgets.rings.grant(
        capture: configuration.captureRingByteCount, receive: receive, to: userID,
        shrink: { [shrunk] bytes in loop.post { shrunk.host?.shrinkCapture(to: bytes) } })
    } catch {
      throw .overBudget(error)
    }
    if grant.capture < configuration.captureRingByteCount {
      server.log(
        .warning,
        "\(attributes.name): the capture ring is \(grant.capture >> 10) KiB, not "
          + "\(configuration.captureRingByteCount >> 10): other bindings "
          + (grant.isBoundByUser ? "that user \(userID) opened " : "")
          + "hold the rest. A smaller ring = for those leaves more", binding: attributes.name.text)
    }
    self.grant = grant
    receiveRingByteCount = grant.receive
    dataPath = try BindingDataPath(
      binding: binding,
      miniport: server.environment.makeMiniport(attributes, loop, server.startHelper),
      executor: LoopExecutor(loop), profile: configuration.profile,
      captureRingByteCount: grant.capture, receiveRingByteCount: grant.receive,
      bypassesQdisc: configuration.bypassesQdisc, writeBudget: server.budgets.pendedWrites)
    shrunk.host = self
    loop.addTurnHandler(self)
    dataPath.onCaptureNews { [unowned self] news in
      self.server.onControl { [binding = self.binding] in $0.captureChanged(binding, news) }
    }
  }

  /// Another binding needs memory: replaces the capture ring with a smaller one.
  private func shrinkCapture(to byteCount: Int) {
    let name = binding.snapshot.attributes.name
    server.log(
      .info,
      "\(name): the capture ring shrinks to \(byteCount >> 10) KiB, for other bindings. A smaller "
        + "ring = keeps it from changing", binding: name.text)
    dataPath.resizeCapture(to: byteCount)
  }

  // MARK: The turn

  func turnEnded() -> Bool {
    let hasMoreToSend = dataPath.sendPended()
    let isHolding = unflushed.endTurn()
    return departures.endTurn() || isHolding || hasMoreToSend
  }

  func takeBuffer() -> MessageBuffer { buffers.value.take() }

  func needsFlush(_ session: Session) { unflushed.insert(session) }

  func sessionLeaves(_ session: Session) { departures.append(session) }

  // MARK: Sessions

  /// Takes a session that wants this binding, and opens it; a refused session goes back to control.
  func adopt(_ opening: Opening, _ granted: GrantedOpen) {
    let session = opening.session
    sessions[ObjectIdentifier(session)] = session
    session.makeOpen(opening, granted, dataPath: dataPath, windowByteCount: receiveRingByteCount) {
      [self] isMade in
      guard !session.isEnded else { return }
      guard isMade else { return giveBack(session) }
      session.arrive()
      // The policy may have changed since control consulted it.
      _ = follow(session)
    }
  }

  /// Applies a new policy between two frames; mailed by control.
  ///
  /// - Returns: how many opens changed, and how many were closed
  func take(_ policy: AccessPolicy) -> PolicyTaken {
    self.policy = policy
    var taken = PolicyTaken()
    dataPath.changeMany {
      for session in Array(sessions.values) { taken.count(follow(session)) }
    }
    return taken
  }

  /// Applies the policy to a session; if that closes its open, the session goes back to control.
  private func follow(_ session: Session) -> AccessChange {
    let change = session.follow(policy)
    if change == .closed {
      session.flush()
      if !session.isEnded { giveBack(session) }
    }
    return change
  }

  var sessionsHere: [Session] { Array(sessions.values) }

  func endOpen(of session: Session) {
    session.endOpenByAdministrator()
    session.flush()
    if !session.isEnded { giveBack(session) }
  }

  /// Mails the session back to control.
  private func giveBack(_ session: Session) {
    guard let control = server.control else { return }
    forget(session)
    session.leave(for: control)
    _ = control.loop.post { control.takeBack(session, from: self) }
  }

  private func forget(_ session: Session) {
    sessions[ObjectIdentifier(session)] = nil
    unflushed.remove(session)
    if session.isLeaving { departures.remove(session) }
  }

  func sessionEnded(_ session: Session) {
    forget(session)
    server.onControl { $0.sessionEnded(session, on: self) }
  }

  func handle(_ request: HostRequest, _ parcel: RequestBox, of session: Session) {
    switch request {
    case .open(let opening): opening.deny(.busy)
    case .close:
      session.closeOpen(.closed)
      parcel.complete(.success)
      giveBack(session)
    case .wait, .cancelElsewhere, .statistics, .administer, .subscribe:
      server.onControl { $0.handle(request, parcel, of: session) }
    }
  }

  // MARK: The binding

  /// The interface changed; mailed by control.
  func bindingChanged(_ action: BindingStateMachine.Action) { dataPath.attributesChanged(action) }

  /// Checks that the binding's sockets still belong to the interface; mailed by control when it may
  /// have missed a replacement.
  func checkInterface() { dataPath.checkInterface() }

  /// Lets the pended writes finish, then calls back.
  ///
  /// - Parameter completion: called once, on this loop, with the number of writes cancelled
  /// - Returns: false if the loop has ended
  /// - Thread: control
  func drainMailed(_ completion: @escaping @Sendable (Int) -> Void) -> Bool {
    loop.post { self.dataPath.drain(completion) }
  }

  /// Passes an indication of the adapter on; mailed by control.
  func indicate(_ indication: StatusIndication) { dataPath.indicate(indication) }

  /// The interface is gone: every request completes, every session goes back with a dead open.
  func unbind() {
    dataPath.unbind()
    for session in sessions.values {
      session.interfaceRemoved()
      session.flush()
      if !session.isEnded { giveBack(session) }
    }
  }

  /// The counters of the binding, and of those opens and sessions that are in scope.
  func counters(_ scope: StatisticsScope) -> [CounterSet] {
    let opens = dataPath.counters(upTo: StatisticsScope.maximumCount, of: scope.contains)
    // Sessions come after opens: no page has room for more than this.
    let count = opens.reduce(0) { $0 + $1.values.count }
    guard count < StatisticsScope.maximumCount else { return opens }
    meter.settle()
    return opens + sessions.values.filter(scope.contains).map(\.counterSet)
  }

  /// The current counts of the opens and sessions here, for their users.
  var liveCounters: [CounterSet] {
    meter.settle()
    let opens = dataPath.counters().filter { $0.kind == .open }
    return opens + sessions.values.filter { !$0.isScraper }.map(\.userSet)
  }

  /// What the binding counted.
  var traffic: BindingTraffic { dataPath.traffic }

  /// The binding is no longer needed: closes its handles and ends the loop.
  func stop() {
    guard !isStopping, hold != nil else { return }
    isStopping = true
    dataPath.close { [self] in
      _ = hold.take()
      grant = nil
      shrunk.host = nil
      loop.removeTurnHandler(self)
      loop.stop()
    }
  }
}

/// Connects a ring grant with the thread of its binding, which is created after the grant.
///
/// Not weak: that would move the counts of the thread's object out of it, and double what every
/// reference to it costs.
private final class ShrunkRing: @unchecked Sendable {  // Set before the loop runs, and on the loop.
  /// A turn handler of the loop, which keeps it until `stop` has taken this back.
  unowned var host: BindingLoop?
}
