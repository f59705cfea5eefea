internal import NDIS
internal import Synchronization

/// Memory of the writes that wait for their interfaces, of all opens of the daemon together.
///
/// Every open may have one message waiting whatever the others have; beyond that it takes from what
/// all share. So slow interfaces with many clients cost a bounded amount, and nobody starves another.
///
/// - Units: bytes that are held: messages, statuses, and what a waiting write takes besides
/// - Thread: any
/// - Source: threat T6; `ndisprotd.docc/Architecture.md` section 7
public final class PendingWriteBudget: Sendable {
  /// Bytes that all opens share.
  static let shared = 32 << 20
  /// What a waiting write takes besides its message and its statuses: the request and the operation.
  static let overhead = 1 << 10
  /// Bytes that an open has for itself: the longest message, full of the shortest records.
  static let own =
    MessageBuffer.longest + StatusBuffer.byteCount(ofFrames: StatusBuffer.longest) + overhead
  private let used = Atomic<Int>(0)
  private let refused = Atomic<UInt64>(0)

  /// Makes one of which nothing is used.
  public init() {}

  /// Whether an open may have this many bytes waiting.
  func admits(_ byteCount: Int) -> Bool {
    if byteCount <= PendingWriteBudget.own
      || used.load(ordering: .relaxed) < PendingWriteBudget.shared
    {
      return true
    }
    refused.add(1, ordering: .relaxed)
    return false
  }

  /// An open's writes hold so many bytes more, or less.
  func change(by byteCount: Int) { used.add(byteCount, ordering: .relaxed) }

  /// As `stats --limits` shows it.
  public var use: Budget.Use {
    Budget.Use(
      name: "pended-writes", used: heldByteCount,
      limits: Budget.Limits(all: PendingWriteBudget.shared),
      refused: refused.load(ordering: .relaxed))
  }

  /// Bytes that are held now.
  var heldByteCount: Int { used.load(ordering: .relaxed) }
}
