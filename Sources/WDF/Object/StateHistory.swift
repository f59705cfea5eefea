internal import Platform

/// A state an object was in, when, and which thread put it there.
public struct StateRecord: Hashable, Sendable {
  /// The state.
  public let state: ObjectState
  /// The thread, as the kernel numbers it.
  public let threadID: Int32
  /// Nanoseconds on the monotonic clock.
  public let nanoseconds: UInt64
}

/// The last sixteen states of an object, oldest overwritten.
struct StateHistory: Sendable {
  private var records: [StateRecord] = []
  private var start = 0

  static let capacity = 16

  mutating func append(_ state: ObjectState) {
    let record = StateRecord(
      state: state, threadID: SystemThread.currentID, nanoseconds: monotonicNanoseconds())
    guard records.count == Self.capacity else {
      records.append(record)
      return
    }
    records[start] = record
    start = (start + 1) % Self.capacity
  }

  /// Oldest first.
  var all: [StateRecord] { Array(records[start...] + records[..<start]) }
}
