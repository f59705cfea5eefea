/// The sessions of one loop whose replies are sent at the end of the turn.
///
/// Two arrays are swapped, so that a turn allocates nothing. It is a class because a session that
/// ends in the middle of a turn removes itself.
///
/// - Thread: the loop's
final class FlushList {
  private var sessions: [Session] = []
  private var ending: [Session] = []

  /// Adds a session, once.
  func insert(_ session: Session) {
    if !session.isListedForFlush {
      session.isListedForFlush = true
      sessions.append(session)
    }
  }

  /// Removes a session that leaves the loop.
  func remove(_ session: Session) {
    session.isListedForFlush = false
    sessions.removeAll { $0 === session }
  }

  /// The end of a turn: sends the replies, unless they are held for another turn.
  ///
  /// - Returns: whether some are held
  func endTurn() -> Bool {
    swap(&sessions, &ending)
    for session in ending { session.isListedForFlush = false }
    var isHolding = false
    var index = 0
    while index < ending.count {
      let session = ending[index]
      let isMeasured = session.meter.begin(session)
      if session.endTurn() {
        insert(session)
        isHolding = true
      }
      session.meter.end(isMeasured)
      index += 1
    }
    ending.removeAll(keepingCapacity: true)
    return isHolding
  }
}
