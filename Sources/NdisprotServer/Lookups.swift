internal import Platform
internal import WDF

/// Work that may wait for a disk or a directory service: reading the configuration, finding a user.
///
/// A thread does it, one piece after the other, and ends when nothing is left: no loop waits, and an
/// idle daemon has no thread for it. Unloading waits for the piece that is under way, and names the
/// thread if it hangs; what waits behind it is told that there is no time any more.
///
/// - Thread: its own, but for `add`
final class Lookups: Sendable {
  /// As the kernel shows the thread.
  static let threadName = "lookup"
  /// Does something, or hears that the driver unloads and ends at once.
  typealias Work = @Sendable (_ isUnloading: Bool) -> Void

  private struct State: Sendable {
    var waiting: [Work] = []
    var hasThread = false
  }
  private let state = LockedValue(State())
  private let framework: Ref<Driver>
  private let name: String

  /// Makes one without a thread.
  init(_ framework: Ref<Driver>, name: String = Lookups.threadName) {
    self.framework = framework
    self.name = name
  }

  /// Has the thread do something.
  ///
  /// - Parameters:
  ///   - isAhead: it comes before all that waits, however much that is: clients may ask much, and
  ///     must not keep the operator waiting, who asks one thing at a time
  ///   - work: what; who asks bounds how much of it there is
  /// - Thread: control
  /// - Returns: false if no thread can be had; then it is not done
  func add(isAhead: Bool = false, _ work: @escaping Work) -> Bool {
    let needsThread = state.withLock { state in
      state.waiting.insert(work, at: isAhead ? 0 : state.waiting.count)
      defer { state.hasThread = true }
      return !state.hasThread
    }
    guard needsThread else { return true }
    do throws(WdfError) {
      _ = try framework.spawnWorker(name) { [self] token in
        while let work = next() { work(token.isStopRequested) }
      }
      return true
    } catch {
      // Nobody else adds: what waits is this piece.
      state.withLock { $0 = State() }
      return false
    }
  }

  private func next() -> Work? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.hasThread = false
        return nil
      }
      return state.waiting.removeFirst()
    }
  }
}
