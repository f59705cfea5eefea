internal import Platform
internal import WDF

/// Work that may wait for a disk or a directory service: reading the configuration, finding a user.
///
/// One thread does the work, one piece after the other, and ends when nothing is left: no loop
/// blocks, and an idle daemon has no such thread. Unloading waits for the piece in progress, and
/// names the thread if it hangs; the pieces that wait behind it are called with `isUnloading`.
///
/// - Thread: its own, except `add`
final class BlockingWorker: Sendable {
  /// The thread's name in the kernel.
  static let threadName = "lookup"
  /// Does a piece of work; if the driver unloads it must return at once.
  typealias Work = @Sendable (_ isUnloading: Bool) -> Void

  private struct State: Sendable {
    var waiting: [Work] = []
    var hasThread = false
  }
  private let state = LockedValue(State())
  private let framework: Ref<Driver>
  private let name: String

  /// Creates one without a thread.
  init(_ framework: Ref<Driver>, name: String = BlockingWorker.threadName) {
    self.framework = framework
    self.name = name
  }

  /// Queues a piece of work for the thread.
  ///
  /// - Parameters:
  ///   - isAhead: whether it precedes all waiting work: clients may queue much, and must not keep
  ///     the operator, who asks one thing at a time, waiting
  ///   - work: the work; the caller bounds how much of it there is
  /// - Thread: control
  /// - Returns: false if no thread can be started; then the work is not done
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
      // Nothing else adds work here: what waits is this piece.
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
