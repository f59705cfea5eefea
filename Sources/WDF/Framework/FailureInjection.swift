internal import Synchronization

/// Makes the n-th create fail, to test error paths.
final class FailureInjection: Sendable {
  private let remaining = Atomic<Int>(-1)

  func failAfter(_ count: Int) { remaining.store(count, ordering: .relaxed) }

  /// Whether this create has to fail.
  func mustFail() -> Bool {
    guard remaining.load(ordering: .relaxed) >= 0 else { return false }
    return remaining.wrappingSubtract(1, ordering: .relaxed).oldValue == 0
  }
}

extension Framework {
  /// Makes one create fail with `.outOfResources` after `count` more have succeeded.
  public func failCreate(after count: Int) { injection.failAfter(count) }
}
