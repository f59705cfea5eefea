internal import Platform
internal import WDF

/// The groups in which the system's directory lists users, as far as it has been queried.
///
/// With the help of a user namespace, a process can drop groups that the kernel knew; it cannot
/// change what the directory says. So a rule that grants nothing to a group also applies to the
/// members that the directory lists, and to users for which the directory has not answered.
///
/// - Thread: any
/// - Source: threat T14; user_namespaces(7), setgroups(2)
public final class DirectoryGroups: Sendable {
  private struct Answer: Sendable {
    let groups: [UInt32]
    let nanoseconds: UInt64
  }
  /// How long an answer stays valid.
  private static let freshNanoseconds: UInt64 = 60_000_000_000
  private let answers = LockedValue<[UInt32: Answer]>([:])

  /// Creates an empty table.
  public init() {}

  /// The groups of a user; nil if the directory has not answered.
  public func groups(of userID: UInt32) -> [UInt32]? {
    answers.withLock { $0[userID]?.groups }
  }

  /// Whether the answer about a user is recent enough.
  public func isFresh(_ userID: UInt32) -> Bool {
    let now = monotonicNanoseconds()
    return answers.withLock {
      guard let answer = $0[userID] else { return false }
      return nanosecondsPassed(since: answer.nanoseconds, until: now)
        < DirectoryGroups.freshNanoseconds
    }
  }

  /// Records the directory's answer about a user; nil if it gave none.
  public func note(_ userID: UInt32, _ groups: [UInt32]?) {
    let now = monotonicNanoseconds()
    answers.withLock {
      $0[userID] = groups.map { Answer(groups: $0, nanoseconds: now) }
    }
  }

  /// How many users are known.
  public var count: Int { answers.withLock { $0.count } }

  /// Drops all but these users.
  public func keep(_ isKept: @Sendable (UInt32) -> Bool) {
    answers.withLock { answers in answers = answers.filter { isKept($0.key) } }
  }
}
