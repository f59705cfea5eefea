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
  private let sessions = HotCell<[Session]>([])

  /// Adds a session whose socket is no longer watched.
  func append(_ session: Session) { sessions.value.append(session) }

  /// Removes a session that moves to another loop, which ends it.
  func remove(_ session: Session) { sessions.value.removeAll { $0 === session } }

  /// Ends some sessions, at least one.
  ///
  /// - Returns: whether any are left
  func endTurn() -> Bool {
    guard !sessions.value.isEmpty else { return false }
    let start = monotonicNanoseconds()
    var index = 0
    repeat {
      let session = sessions.value[index]
      index += 1
      let isMeasured = session.meter.begin(session)
      session.end(nil)
      session.meter.end(isMeasured)
    } while index < sessions.value.count
      && nanosecondsPassed(since: start, until: monotonicNanoseconds()) < Departures.budget
    sessions.value.removeFirst(index)
    return !sessions.value.isEmpty
  }
}
