internal import NDIS
internal import Synchronization

/// The memory of pended writes, over all opens of the daemon.
///
/// Every open may always have one message waiting; beyond that it draws on a shared amount. So slow
/// interfaces with many clients cost a bounded amount, and no client starves another.
///
/// No `Budget`: on an interface that is full every write waits, so a lock and a count for each user
/// would be paid with every write.
///
/// - Units: bytes held: messages, statuses, and the overhead of a waiting write
/// - Thread: any
/// - Source: threat T6; `ndisprotd.docc/Architecture.md` section 7
public final class PendingWriteBudget: Sendable {
  /// Bytes that all opens share.
  static let shared = 32 << 20
  /// What a waiting write takes besides its message and its statuses: the request and the
  /// operation.
  static let overhead = 1 << 10
  /// Bytes that each open has to itself: the longest message, full of the shortest records.
  static let own =
    MessageBuffer.longest + StatusBuffer.byteCount(ofFrames: StatusBuffer.longest) + overhead
  private let used = Atomic<Int>(0)
  private let refused = Atomic<UInt64>(0)

  /// Creates a budget of which nothing is used.
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

  /// Changes the number of bytes held by an open's writes.
  func change(by byteCount: Int) { used.add(byteCount, ordering: .relaxed) }

  /// The use, as `stats --limits` shows it.
  public var use: Budget.Use {
    Budget.Use(
      name: "pended-writes", used: heldByteCount,
      limits: Budget.Limits(all: PendingWriteBudget.shared),
      refused: refused.load(ordering: .relaxed))
  }

  /// Bytes that are held now.
  var heldByteCount: Int { used.load(ordering: .relaxed) }
}
