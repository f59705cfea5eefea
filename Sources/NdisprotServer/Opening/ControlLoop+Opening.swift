internal import NDIS
internal import Ndisprot
internal import Platform
internal import WDF

// Opening: control finds the binding, consults the policy once, waits for power, and moves the
// session to the binding's thread.

extension ControlLoop {
  /// The largest window that may be requested.
  private static let maximumWindow = 64 << 20

  /// OPEN, OPEN_DEVICE.
  func open(_ opening: Opening) {
    guard let binding = server.driver.bindings.binding(named: opening.name) else {
      opening.deny(.adapterNotFound)
      return
    }
    var options = opening.options
    guard options.flags.isSubset(of: .all), options.queueByteCount <= ControlLoop.maximumWindow
    else {
      opening.deny(.invalidParameter)
      return
    }
    do throws(AccessRefusal) {
      let access = try policy.grant(
        &options, isDevice: opening.isOpenDevice, to: opening.session.credentials,
        on: binding.snapshot.attributes)
      perform(opening, opening.grant(options, access, on: binding))
    } catch {
      opening.deny(error)
    }
  }

  /// Handles an event that an open waits for.
  func proceed(_ opening: Opening, _ event: OpeningStateMachine.Event) {
    perform(opening, opening.handle(event))
  }

  private func perform(_ opening: Opening, _ action: OpeningStateMachine.Action) {
    switch action {
    case .wait: opening.startWaiting(on: executor)
    case .move: move(opening)
    case .none, .refuse, .cancel, .answer: break
    }
  }

  /// The opens that wait for an interface to come up.
  func openingsWaiting(for binding: AdapterBinding) -> [Opening] {
    sessionsHere.compactMap(\.opening).filter { $0.isWaiting(for: binding) }
  }

  /// Mails the session to its binding's thread; a session that moves no frames stays here.
  private func move(_ opening: Opening) {
    guard let granted = opening.granted else { return }
    let session = opening.session
    guard !granted.options.etherTypes.isEmpty else {
      session.makeOpen(opening, granted, dataPath: nil, windowByteCount: 0)
      return
    }
    do throws(BindingError) {
      let host = try thread(of: granted.binding, for: session.credentials)
      forget(session)
      session.leave(for: host)
      _ = host.loop.post { host.adopt(opening, granted) }
    } catch {
      opening.fail(error)
    }
  }
}
