internal import NDIS
internal import Ndisprot
internal import Platform
internal import WDF

// What the driver reports about its bindings.

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
      // It stays wanted: another name makes it usable.
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
    guard action == .wakePowerWaiters else { return }
    for opening in openingsWaiting(for: binding) { proceed(opening, .powerCame) }
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

  /// Passes an indication of the adapter to every open of the binding.
  private func indicate(_ indication: StatusIndication, of binding: AdapterBinding) {
    for session in sessionsHere where session.open?.binding === binding {
      session.open?.indicate(indication)
    }
    guard let host = runningLoop(of: binding) else { return }
    _ = host.loop.post { host.indicate(indication) }
  }

  /// What a binding's thread reports about its capture and its send socket.
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
    case .bypassRefused(let cause):
      server.log(
        .warning,
        "\(name): frames do not bypass the queueing discipline: \(cause.text). They go through it. "
          + "Remove bypass_qdisc from the [[binding]], or use a kernel that has PACKET_QDISC_BYPASS",
        .refused, binding: name.text)
    case .vanished: server.driver.adapterReplaced(binding)
    }
  }

  func interfacesMayBeReplaced() {
    for thread in threads.values { _ = thread.loop.loop.post { thread.loop.checkInterface() } }
  }

  func bindingRemoved(_ binding: AdapterBinding) {
    let name = binding.snapshot.attributes.name
    server.log(.info, "unbound \(name)", .unbound, binding: name.text)
    for opening in openingsWaiting(for: binding) { proceed(opening, .bindingGone) }
    server.totals.forget(interfaceIndex: binding.interfaceIndex)
    userReport.forget(interfaceIndex: binding.interfaceIndex)
    announce([.bindingRemoved], of: binding)
    for session in sessionsHere where session.open?.binding === binding {
      session.open?.bindingGone()
      session.interfaceRemoved()
    }
    unbindThread(of: binding)
  }
}
