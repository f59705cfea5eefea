internal import WDF

/// Work that may wait for a disk or a directory service: reading the configuration, finding a user.
///
/// A thread does it, one piece after the other, and ends when nothing is left: no loop waits, and an
/// idle daemon has no thread for it. Unloading waits for the thread, and names it if it hangs.
///
/// - Thread: its own, but for `add`
final class Lookups: Sendable {
  /// As the kernel shows the thread.
  static let threadName = "lookup"
  /// Pieces that wait at once; what comes beyond is refused.
  static let maximumCount = 64

  private struct State: Sendable {
    var waiting: [@Sendable () -> Void] = []
    var hasThread = false
  }
  private let state = Guarded(State())
  private let framework: Ref<Driver>

  /// Makes one without a thread.
  init(_ framework: Ref<Driver>) { self.framework = framework }

  /// Has the thread do something.
  ///
  /// - Thread: control
  /// - Returns: false if too much waits already, or no thread can be had; then it is not done
  func add(_ work: @escaping @Sendable () -> Void) -> Bool {
    let needsThread: Bool? = state.withLock { state in
      guard state.waiting.count < Lookups.maximumCount else { return nil }
      state.waiting.append(work)
      defer { state.hasThread = true }
      return !state.hasThread
    }
    guard let needsThread else { return false }
    guard needsThread else { return true }
    do throws(WdfError) {
      _ = try framework.spawnWorker(Lookups.threadName) { [self] _ in
        while let work = next() { work() }
      }
      return true
    } catch {
      // Nobody else adds: what waits is this piece.
      state.withLock { $0 = State() }
      return false
    }
  }

  private func next() -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.hasThread = false
        return nil
      }
      return state.waiting.removeFirst()
    }
  }
}
