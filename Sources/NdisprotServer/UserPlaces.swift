/// Places of which one user gets a share, so that he cannot keep others out; root has his beside them.
///
/// - Source: threats T5 and T6
struct UserPlaces: Sendable {
  /// For all users but root.
  let maximumCount: Int
  /// For one of them.
  let maximumCountOfUser: Int
  private var users: [UInt32: Int] = [:]
  private var count = 0

  /// Makes so many.
  init(_ maximumCount: Int, ofUser maximumCountOfUser: Int) {
    self.maximumCount = maximumCount
    self.maximumCountOfUser = maximumCountOfUser
  }

  /// Takes one, which `give` gives back; false if there is none.
  mutating func take(_ userID: UInt32) -> Bool {
    guard userID != 0 else { return true }
    let used = users[userID, default: 0]
    guard count < maximumCount, used < maximumCountOfUser else { return false }
    users[userID] = used + 1
    count += 1
    return true
  }

  /// Gives one back.
  mutating func give(_ userID: UInt32) {
    guard userID != 0, let used = users[userID] else { return }
    users[userID] = used > 1 ? used - 1 : nil
    count -= 1
  }
}
