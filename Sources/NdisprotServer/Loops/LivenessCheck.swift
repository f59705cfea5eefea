internal import Platform
internal import WDF

/// The loops that have not answered yet, and what to do when all have.
///
/// A loop answers by running the work mailed to it: so it is healthy if it waits in epoll, where
/// mail wakes it, or makes progress. A loop that hangs anywhere else is named.
final class LivenessCheck: Sendable {
  private struct State {
    var names: [String]
    var whenAnswered: (@Sendable () -> Void)?
  }
  private let state: LockedValue<State>

  init(first name: String, whenAnswered: @escaping @Sendable () -> Void) {
    state = LockedValue(State(names: [name], whenAnswered: whenAnswered))
  }

  /// The loops that have not answered.
  var outstanding: [String] { state.withLock { $0.names } }

  /// Adds a loop to wait for; call it before the last answer of the others.
  func add(_ name: String) { state.withLock { $0.names.append(name) } }

  /// A loop has answered, or has ended.
  func answered(_ name: String) {
    let done = state.withLock { state -> (@Sendable () -> Void)? in
      if let index = state.names.firstIndex(of: name) { state.names.remove(at: index) }
      guard state.names.isEmpty else { return nil }
      return state.whenAnswered.take()
    }
    done?()
  }
}

extension ControlLoop {
  /// Queries the loop of every binding, and answers for control last.
  func answer(_ check: LivenessCheck) {
    for host in threads.values.map(\.loop) {
      let name = host.threadName
      check.add(name)
      if !host.loop.post({ check.answered(name) }) { check.answered(name) }
    }
    check.answered(ControlLoop.threadName)
  }
}
