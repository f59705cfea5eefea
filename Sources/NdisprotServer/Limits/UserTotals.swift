internal import NDIS
internal import Ndisprot
internal import Platform

/// The counts of each user's opens and sessions that have ended.
///
/// A series of a metric must not end with a process, and must not fall: so the counts of a closed
/// open or session are added to its user and interface.
///
/// - Thread: any
final class UserTotals: Sendable {
  /// A user on an interface; interface 0 has the counts of its sessions.
  struct Key: Hashable, Sendable {
    let userID: UInt32
    let interfaceIndex: Int32
  }
  typealias Counts = [Counter: UInt64]

  /// Beyond this many rows, further users share one row per interface (threat T6).
  static let maximumCount = 4_096
  /// The user number of that row.
  static let others = UInt32.max
  /// Users that no rule names share one row: a client with many user numbers does not create a
  /// series for each.
  static let strangers = UInt32.max - 1

  private let closed = LockedValue<[Key: Counts]>([:])

  /// Adds the counts of an open or a session that ended.
  func add(_ set: CounterSet) {
    guard let userID = set.userID else { return }
    let index = set.kind == .open ? set.interfaceIndex : 0
    closed.withLock { closed in
      let key = UserTotals.bounded(Key(userID: userID, interfaceIndex: index), closed)
      var counts = closed[key] ?? [:]
      for (counter, value) in set.values where !counter.isGauge {
        counts[counter, default: 0] &+= value
      }
      closed[key] = counts
    }
  }

  /// The row of a user: its own, or that of all others when the table is full.
  static func bounded(_ key: Key, _ table: [Key: Counts]) -> Key {
    guard table[key] == nil, table.count >= maximumCount else { return key }
    return Key(userID: others, interfaceIndex: key.interfaceIndex)
  }

  /// The name of a row that belongs to no user.
  static func name(of userID: UInt32) -> String? {
    switch userID {
    case others: "others"
    case strangers: "strangers"
    default: nil
    }
  }

  /// An interface is gone, and its series end.
  func forget(interfaceIndex: Int32) {
    closed.withLock { closed in
      closed = closed.filter { $0.key.interfaceIndex != interfaceIndex }
    }
  }

  /// The counts of everything that ended.
  var all: [Key: Counts] { closed.withLock { $0 } }
}

/// The totals of users as reported: closed and live opens and sessions together.
///
/// Loops answer one after the other, and an open may close in between. The closed ones are read
/// first, so that nothing counts twice; a count missed that way is hidden by never reporting less
/// than before.
///
/// - Thread: control
struct UserReport {
  private var reported: [UserTotals.Key: UserTotals.Counts] = [:]

  /// Adds up the closed and the live counts.
  ///
  /// - Parameters:
  ///   - closed: read before `live`
  ///   - live: counters of opens and sessions; one that moved meanwhile may appear twice
  ///   - name: the name of a user
  /// - Returns: the objects of the answer
  mutating func sets(
    _ closed: [UserTotals.Key: UserTotals.Counts], live: [CounterSet], name: (UInt32) -> String?
  ) -> [CounterSet] {
    var totals = closed
    var gauges: [UserTotals.Key: UserTotals.Counts] = [:]
    // A user without a session now has zero, not an unknown number.
    for key in Set(closed.keys).union(reported.keys) {
      let counters: [Counter] =
        key.interfaceIndex == 0 ? [.sessions, .reqPending] : [.opens, .rxQueued, .txPending]
      gauges[key] = Dictionary(uniqueKeysWithValues: counters.map { ($0, 0) })
    }
    var seen: Set<LiveKey> = []
    for set in live {
      guard let userID = set.userID, seen.insert(LiveKey(set)).inserted else { continue }
      let isOpen = set.kind == .open
      let key = UserTotals.bounded(
        UserTotals.Key(userID: userID, interfaceIndex: isOpen ? set.interfaceIndex : 0), reported)
      for (counter, value) in set.values {
        if counter.isGauge {
          gauges[key, default: [:]][counter, default: 0] &+= value
        } else {
          totals[key, default: [:]][counter, default: 0] &+= value
        }
      }
      gauges[key, default: [:]][isOpen ? .opens : .sessions, default: 0] &+= 1
    }
    for (key, counts) in totals {
      reported[key] = (reported[key] ?? [:]).merging(counts) { max($0, $1) }
    }
    return Set(reported.keys).union(gauges.keys).map { key in
      let values = (reported[key] ?? [:]).merging(gauges[key] ?? [:]) { $1 }
      return CounterSet(
        kind: .user, userID: key.userID, interfaceIndex: key.interfaceIndex, id: UInt64(key.userID),
        name: UserTotals.name(of: key.userID) ?? name(key.userID) ?? "\(key.userID)",
        values: values.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key, $0.value) })
    }
  }

  /// An interface is gone.
  mutating func forget(interfaceIndex: Int32) {
    reported = reported.filter { $0.key.interfaceIndex != interfaceIndex }
  }

  private struct LiveKey: Hashable {
    let isOpen: Bool
    let interfaceIndex: Int32
    let id: UInt64

    init(_ set: CounterSet) {
      isOpen = set.kind == .open
      interfaceIndex = isOpen ? set.interfaceIndex : 0
      id = set.id
    }
  }
}
