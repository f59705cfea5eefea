internal import Platform

/// The sessions of one loop whose replies are sent at the end of the turn.
///
/// Two arrays are swapped, so that a turn allocates nothing. It is a class because a session that
/// ends in the middle of a turn removes itself.
///
/// - Thread: the loop's
final class FlushList {
  private let sessions = HotCell<[Session]>([])
  /// The other array, empty, while no turn ends.
  private let spare = HotCell<[Session]>([])

  /// Adds a session, once.
  func insert(_ session: Session) {
    if !session.isListedForFlush {
      session.isListedForFlush = true
      sessions.value.append(session)
    }
  }

  /// Removes a session that leaves the loop.
  func remove(_ session: Session) {
    session.isListedForFlush = false
    sessions.value.removeAll { $0 === session }
  }

  /// The end of a turn: sends the replies, unless they are held for another turn.
  ///
  /// - Returns: whether some are held
  func endTurn() -> Bool {
    guard !sessions.value.isEmpty else { return false }
    // Taken out of the fields: what follows puts sessions in.
    var ending = sessions.value
    sessions.value = spare.value
    spare.value = []
    for session in ending { session.isListedForFlush = false }
    var isHolding = false
    for session in ending {
      let isMeasured = session.meter.begin(session)
      if session.endTurn() {
        insert(session)
        isHolding = true
      }
      session.meter.end(isMeasured)
    }
    ending.removeAll(keepingCapacity: true)
    spare.value = ending
    return isHolding
  }
}
