internal import Platform

/// Sessions of one loop whose clients have left, ended for a bounded time a turn.
///
/// Ending one costs a tenth of a millisecond; a thousand clients that are killed at once must not keep
/// another's frame waiting for all of them.
///
/// - Thread: the loop's
/// - Source: threat T5
final class Departures {
  /// Nanoseconds of a turn that go into ending sessions.
  private static let budget: UInt64 = 1_000_000
  private var sessions: [Session] = []

  /// Adds a session that is watched no more.
  func append(_ session: Session) { sessions.append(session) }

  /// A session moves to another loop, which ends it.
  func remove(_ session: Session) { sessions.removeAll { $0 === session } }

  /// Ends some, one at least.
  ///
  /// - Returns: whether there are more
  func endTurn() -> Bool {
    guard !sessions.isEmpty else { return false }
    let start = monotonicNanoseconds()
    var index = 0
    repeat {
      let session = sessions[index]
      index += 1
      let isMeasured = session.meter.begin(session)
      session.end(nil)
      session.meter.end(isMeasured)
    } while index < sessions.count && monotonicNanoseconds() &- start < Departures.budget
    sessions.removeFirst(index)
    return !sessions.isEmpty
  }
}
