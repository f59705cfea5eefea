internal import Synchronization

/// Memory of the writes that wait for their interfaces, of all opens of the daemon together.
///
/// Every open may have one message waiting whatever the others have; beyond that it takes from what
/// all share. So slow interfaces with many clients cost a bounded amount, and nobody starves another.
///
/// - Thread: any
/// - Source: threat T6; `design.md` section 7
public final class WriteMemory: Sendable {
  /// Bytes that all opens share.
  static let shared = 32 << 20
  /// Bytes that an open has for itself: the longest message.
  static let own = 128 << 10
  private let used = Atomic<Int>(0)

  /// Makes one of which nothing is used.
  public init() {}

  /// Whether an open may have this many bytes waiting.
  func admits(_ byteCount: Int) -> Bool {
    byteCount <= WriteMemory.own || used.load(ordering: .relaxed) < WriteMemory.shared
  }

  /// An open's writes have so many bytes more, or less.
  func change(by byteCount: Int) { used.add(byteCount, ordering: .relaxed) }
}
