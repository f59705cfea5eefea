internal import Platform

/// A state of an object, with its time and the thread that caused it.
public struct StateRecord: Hashable, Sendable {
  /// The state.
  public let state: ObjectState
  /// The kernel's id of the thread.
  public let threadID: Int32
  /// Nanoseconds on the monotonic clock.
  public let nanoseconds: UInt64
}

/// The last sixteen states of an object; the oldest is overwritten.
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
