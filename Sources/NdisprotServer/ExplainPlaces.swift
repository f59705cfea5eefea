/// Who waits for a user to be found: one question of each session, a few of each user, so many of all.
///
/// A directory service may take seconds to answer, and one question after the other is put to it: who
/// could fill the places would keep everybody else from asking.
///
/// - Thread: control
/// - Source: threat T5
struct ExplainPlaces {
  /// Of one user.
  static let maximumCountOfUser = 4

  private var sessions: Set<ObjectIdentifier> = []
  private var users = UserPlaces(64, ofUser: maximumCountOfUser)

  /// Takes a place, until `give` says that the question is answered; false if there is none.
  mutating func take(_ session: ObjectIdentifier, userID: UInt32) -> Bool {
    guard !sessions.contains(session), users.take(userID) else { return false }
    sessions.insert(session)
    return true
  }

  /// The question was answered.
  mutating func give(_ session: ObjectIdentifier, userID: UInt32) {
    sessions.remove(session)
    users.give(userID)
  }
}
