internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

/// An open that waits for its interface to come up (rules Q-23, D-32): a request of its session, one at
/// most, that ends with it.
struct PowerWaiter {
  let session: Session
  let id: UInt64
  let binding: AdapterBinding
  let options: OpenOptions
  let parcel: RequestParcel
  let timer: any ScheduledWork
}

/// A binding's loop as control sees it: who is on it, and whether it is about to end.
struct BindingThread {
  let loop: BindingLoop
  /// Sessions that are there, or on their way.
  var sessionCount = 0
  /// When this changes, a timer of an earlier idle time means nothing any more.
  var idleNumber: UInt64 = 0
}

// Opening: control finds the binding, waits for its power, and hands the session to its thread.

extension ControlLoop {
  /// How long a binding's handles stay open after the last open went.
  static let idleNanoseconds: UInt64 = 1_000_000_000

  func open(
    _ session: Session, _ options: OpenOptions, name: InterfaceName, _ parcel: RequestParcel
  ) {
    guard let binding = server.driver.bindings.binding(named: name) else {
      session.refusedOpen(.adapterNotFound, name, parcel)
      return
    }
    guard options.flags.isSubset(of: .all), options.queueByteCount <= 64 << 20 else {
      session.refusedOpen(.invalidParameter, name, parcel)
      return
    }
    do throws(AccessRefusal) {
      // Judged again where it is made; who has no right starts no thread and waits for nothing.
      var asked = options
      _ = try policy.grant(
        &asked, isDevice: parcel.isOpenDevice, to: session.credentials,
        on: binding.snapshot.attributes)
    } catch {
      session.denyOpen(error, name, options.etherTypes, parcel)
      return
    }
    guard binding.snapshot.isPowered || options.etherTypes.isEmpty else {
      waitForPower(session, binding, options, parcel)
      return
    }
    hand(session, to: binding, options, parcel)
  }

  private func waitForPower(
    _ session: Session, _ binding: AdapterBinding, _ options: OpenOptions,
    _ parcel: RequestParcel
  ) {
    guard options.waitMilliseconds > 0 else {
      session.refusedOpen(.notReady, binding.snapshot.attributes.name, parcel)
      return
    }
    let (key, id) = (ObjectIdentifier(session), parcel.parameters.id)
    let nanoseconds =
      UInt64(min(options.waitMilliseconds, ControlLoop.maximumPowerWaitMilliseconds)) * 1_000_000
    let timer = executor.schedule(afterNanoseconds: nanoseconds) { [weak self] in
      guard let self, let waiter = takePowerWaiter(key, id: id) else { return }
      waiter.session.refusedOpen(.notReady, waiter.binding.snapshot.attributes.name, waiter.parcel)
    }
    powerWaiters[key] = PowerWaiter(
      session: session, id: id, binding: binding, options: options, parcel: parcel, timer: timer)
  }

  /// No open waits longer; a client that wants more asks again.
  private static let maximumPowerWaitMilliseconds: UInt32 = 60_000

  /// Takes out the wait of a session, and its timer; nil if there is none, or of another request.
  private func takePowerWaiter(_ key: ObjectIdentifier, id: UInt64?) -> PowerWaiter? {
    guard let waiter = powerWaiters[key], id == nil || waiter.id == id else { return nil }
    powerWaiters[key] = nil
    waiter.timer.cancel()
    return waiter
  }

  /// Takes out every wait for a binding.
  private func takePowerWaiters(of binding: AdapterBinding) -> [PowerWaiter] {
    let keys = powerWaiters.filter { $0.value.binding === binding }.keys
    return keys.compactMap { takePowerWaiter($0, id: nil) }
  }

  /// Cancels the open of a session that waits for power; false if it does not.
  @discardableResult
  func endPowerWait(of session: Session, id: UInt64? = nil) -> Bool {
    guard let waiter = takePowerWaiter(ObjectIdentifier(session), id: id) else { return false }
    session.isOpening = false
    waiter.parcel.complete(.cancelled)
    return true
  }

  /// The interface came up: every open that waited for it goes on.
  func powerCame(to binding: AdapterBinding) {
    for waiter in takePowerWaiters(of: binding) {
      hand(waiter.session, to: binding, waiter.options, waiter.parcel)
    }
  }

  /// The interface is gone: no open waits for it.
  private func endPowerWaits(of binding: AdapterBinding) {
    for waiter in takePowerWaiters(of: binding) {
      waiter.session.refusedOpen(
        .adapterNotFound, binding.snapshot.attributes.name, waiter.parcel)
    }
  }

  /// Mails the session to its binding's thread; one that moves no frames stays here.
  private func hand(
    _ session: Session, to binding: AdapterBinding, _ options: OpenOptions,
    _ parcel: RequestParcel
  ) {
    guard !options.etherTypes.isEmpty else {
      session.makeOpen(options, on: binding, dataPath: nil, windowByteCount: 0, parcel)
      return
    }
    do throws(BindingError) {
      let host = try thread(of: binding, for: session.credentials)
      forget(session)
      session.leave(for: host)
      _ = host.loop.post { host.adopt(session, options, parcel) }
    } catch {
      session.refusedOpen(error, binding.snapshot.attributes.name, parcel)
    }
  }

  /// The thread of a binding, started if there is none; one more session is on it.
  private func thread(
    of binding: AdapterBinding, for client: Credentials
  ) throws(BindingError) -> BindingLoop {
    let key = binding.interfaceIndex
    if var running = threads[key], running.loop.binding === binding {
      running.sessionCount += 1
      running.idleNumber += 1
      threads[key] = running
      return running.loop
    }
    if let former = threads[key]?.loop {
      // The index was given to a new interface; the thread of the old one ends with its sessions.
      former.loop.post { former.stop() }
    }
    let started = try startThread(of: binding, for: client)
    threads[key] = BindingThread(loop: started, sessionCount: 1)
    return started
  }

  private func startThread(
    of binding: AdapterBinding, for client: Credentials
  ) throws(BindingError) -> BindingLoop {
    do {
      let loop = try EventLoop()
      let host = try BindingLoop(binding, server: server, loop: loop, policy: policy)
      _ = try server.framework.spawnWorker(
        host.threadName, stopPhase: .unloadCallbackReturned,
        onStop: { loop.post { host.stop() } }
      ) { _ in loop.run() }
      return host
    } catch let error as BindingError {
      throw error
    } catch {
      let name = binding.snapshot.attributes.name
      let cause = (error as? SystemError)?.text ?? "\(error)"
      server.logFailure(
        .error, "the thread of \(name) cannot start: \(cause)", .refused, binding: name.text,
        of: client)
      throw .noMemory
    }
  }

  /// One session less on a binding's thread; the last one starts its idle time.
  func release(_ host: BindingLoop) {
    let key = host.binding.interfaceIndex
    guard var running = threads[key], running.loop === host else { return }
    running.sessionCount -= 1
    running.idleNumber += 1
    threads[key] = running
    guard running.sessionCount == 0 else { return }
    guard !isOutdated(host) else {
      endThread(key)
      return
    }
    let number = running.idleNumber
    // Another thread of the same interface counts anew.
    _ = executor.schedule(afterNanoseconds: ControlLoop.idleNanoseconds) { [weak self, weak host] in
      guard let self, let now = threads[key], now.loop === host, now.idleNumber == number else {
        return
      }
      endThread(key)
    }
  }

  /// Whether a reload wants the next thread of the binding made differently.
  func isOutdated(_ host: BindingLoop) -> Bool {
    let attributes = host.binding.snapshot.attributes
    return !host.configuration.isAlike(server.configuration.binding(of: attributes))
  }

  /// Ends a thread that nobody uses.
  func endThread(_ key: Int32) {
    guard let host = threads.removeValue(forKey: key)?.loop else { return }
    _ = host.loop.post { host.stop() }
  }
}

// What the driver says of its bindings.

extension ControlLoop {
  func bindingAdded(_ binding: AdapterBinding) {
    let attributes = binding.snapshot.attributes
    server.log(
      .info, "bound \(attributes.name): address \(attributes.address), MTU \(attributes.mtu)",
      .bound, binding: attributes.name.text)
    announce([.bindingAdded], of: binding)
  }

  func bindRefused(_ attributes: AdapterAttributes, _ error: BindError) {
    switch error {
    case .unsupportedMedium:
      refusals.append((attributes.name, error))
      server.log(
        .error,
        "\(attributes.name) is not bound: it is not Ethernet. Name an Ethernet interface",
        .refused, binding: attributes.name.text)
    case .unusableName:
      // It is waited for: another name makes it usable.
      server.log(
        .error,
        "\(attributes.name) is not bound: libpcap takes this name for a capture source of its own, not for "
          + "the interface. Rename it, or give it another name: ip link property add dev "
          + "\(attributes.name) altname nic0", .refused, binding: attributes.name.text)
    }
  }

  func bindingChanged(
    _ binding: AdapterBinding, _ changes: [EventKind], _ action: BindingStateMachine.Action
  ) {
    if let host = runningLoop(of: binding) {
      _ = host.loop.post { host.bindingChanged(action) }
    }
    if changes.contains(.linkState) {
      indicate(.linkState(binding.snapshot.attributes.link), of: binding)
    }
    announce(changes, of: binding)
    if action == .wakePowerWaiters { powerCame(to: binding) }
  }

  func rulesMayDiffer(for binding: AdapterBinding) {
    for session in sessionsHere where session.open?.binding === binding {
      _ = session.follow(policy)
    }
    guard let host = runningLoop(of: binding) else { return }
    _ = host.loop.post { _ = host.take(host.policy) }
  }

  func bindingPauses(_ binding: AdapterBinding) {
    let server = self.server
    let isMailed = runningLoop(of: binding)?.drainMailed { cancelledWrites in
      server.onControl {
        $0.server.driver.drained(binding, cancelledWrites: cancelledWrites)
      }
    }
    if isMailed != true { server.driver.drained(binding, cancelledWrites: 0) }
  }

  func bindingStateChanged(
    _ binding: AdapterBinding, _ action: BindingStateMachine.Action, cancelledWrites: Int
  ) {
    let look = binding.snapshot
    if cancelledWrites > 0 {
      server.log(
        .warning,
        "\(look.attributes.name): \(cancelledWrites) writes were cancelled: the interface did not "
          + "take them within the time that a pause has", binding: look.attributes.name.text)
    }
    server.log(
      .info, "\(look.attributes.name) is \(look.state.name)", binding: look.attributes.name.text)
    if let host = runningLoop(of: binding) {
      _ = host.loop.post { host.bindingChanged(action) }
    }
    announce([.bindingState], of: binding)
  }

  /// Hands what the adapter said to every open of the binding.
  private func indicate(_ indication: StatusIndication, of binding: AdapterBinding) {
    for session in sessionsHere where session.open?.binding === binding {
      session.open?.indicate(indication)
    }
    guard let host = runningLoop(of: binding) else { return }
    _ = host.loop.post { host.indicate(indication) }
  }

  /// What a binding's thread says of its capturing.
  func captureChanged(_ binding: AdapterBinding, _ news: CaptureNews) {
    let name = binding.snapshot.attributes.name
    switch news {
    case .failed(let cause):
      server.log(
        .warning,
        "\(name): frames are not captured as they should be: \(cause.text). It is tried again",
        .refused, binding: name.text)
      announce([.bindingState], of: binding)
    case .recovered:
      server.log(.info, "\(name): frames are captured again", binding: name.text)
      announce([.bindingState], of: binding)
    case .vanished: server.driver.adapterReplaced(binding)
    }
  }

  func interfacesMayBeReplaced() {
    for thread in threads.values { _ = thread.loop.loop.post { thread.loop.checkInterface() } }
  }

  func bindingRemoved(_ binding: AdapterBinding) {
    let name = binding.snapshot.attributes.name
    server.log(.info, "unbound \(name)", .unbound, binding: name.text)
    endPowerWaits(of: binding)
    server.totals.forget(interfaceIndex: binding.interfaceIndex)
    userReport.forget(interfaceIndex: binding.interfaceIndex)
    announce([.bindingRemoved], of: binding)
    for session in sessionsHere where session.open?.binding === binding {
      session.open?.bindingGone()
      session.interfaceRemoved()
    }
    guard let host = runningLoop(of: binding) else { return }
    _ = host.loop.post { host.unbind() }
  }
}

extension Session {
  /// The open is made; the reply says what was granted.
  func opened(_ open: OpenContext, _ request: RequestParcel) {
    isOpening = false
    self.open = open
    let reply = OpenReply(open.options, open.binding.snapshot.attributes).encoded
    // The sample's own request has no output; a client that leaves room for it gets one.
    guard !request.isOpenDevice || request.parameters.outputByteCount >= reply.count else {
      request.complete(.success)
      return
    }
    finish(request, reply)
  }

  /// The open is refused; the session may try again (rule Q-24).
  func refusedOpen(_ error: BindingError, _ name: InterfaceName, _ request: RequestParcel) {
    isOpening = false
    let cause: String? =
      switch error {
      case .miniport(let cause): cause.text
      case .noMemory:
        "no memory is left for its rings. Write a smaller ring = in the [[binding]] of interfaces "
          + "that need less than 16 MiB"
      default: nil
      }
    if let cause {
      server.logFailure(
        .error, "\(name) cannot be opened: \(cause)", .refused, binding: name.text, of: credentials)
    }
    if error == .noMemory, let cause {
      refuse(request, error.completion, cause)
      return
    }
    request.complete(error.completion)
  }
}

extension RequestParcel {
  /// Whether it is the sample's OPEN_DEVICE.
  var isOpenDevice: Bool { parameters.type == .deviceControl }
}

extension OpenReply {
  /// What was granted.
  init(_ options: OpenOptions, _ attributes: AdapterAttributes) {
    self.init(
      mode: options.mode == .exclusive ? .exclusive : .shared,
      flags: OpenRequest.Flags(rawValue: options.flags.rawValue),
      queueByteCount: UInt32(clamping: options.queueByteCount),
      interfaceIndex: UInt32(bitPattern: attributes.interfaceIndex),
      maximumFrameSize: attributes.mtu, address: attributes.address,
      etherTypes: options.etherTypes, name: attributes.name.text)
  }
}
