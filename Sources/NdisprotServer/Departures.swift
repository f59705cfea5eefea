internal import Platform

/// Sessions of one loop whose clients have left, ended within a time limit per turn.
///
/// Ending a session takes a tenth of a millisecond; when a thousand clients are killed at once,
/// other clients' frames must not wait for all of them.
///
/// - Thread: the loop's
/// - Source: threat T5
final class Departures {
  /// Nanoseconds of a turn that may be spent on ending sessions.
  private static let budget: UInt64 = 1_000_000
  private var sessions: [Session] = []
  /// Asked at the end of every turn, which the list is not for.
  private var count = 0

  /// Adds a session whose socket is no longer watched.
  func append(_ session: Session) {
    sessions.append(session)
    count += 1
  }

  /// Removes a session that moves to another loop, which ends it.
  func remove(_ session: Session) {
    sessions.removeAll { $0 === session }
    count = sessions.count
  }

  /// Ends some sessions, at least one.
  ///
  /// - Returns: whether any are left
  func endTurn() -> Bool {
    guard count > 0 else { return false }
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
    count = sessions.count
    return count > 0
  }
}
