internal import Ndisprot
internal import NdisprotControl

/// Requests for statistics that wait for their turn at control: at most one per session.
///
/// A request costs a thousand times what a message does. A few are in progress at a time, so that
/// every loop serves its sockets between two of them. Users take turns, so that no user waits for
/// all the requests that another one makes through many sessions.
///
/// - Source: threat T5
struct StatisticsQueue {
  typealias Question = (wanted: StatisticsRequest, parcel: RequestBox, session: Session)
  private static let maximumRunning = 2

  private var waiting: [UInt32: [Question]] = [:]
  /// The users with a waiting request; the first is next.
  private var users: [UInt32] = []
  private var runningCount = 0

  /// Appends a request to those of its user.
  mutating func append(_ question: Question) {
    let user = question.session.credentials.userID
    if waiting[user] == nil { users.append(user) }
    waiting[user, default: []].append(question)
  }

  /// The next request, if one may start now; `end` follows.
  mutating func begin() -> Question? {
    guard runningCount < Self.maximumRunning, !users.isEmpty else { return nil }
    let user = users.removeFirst()
    guard var questions = waiting.removeValue(forKey: user) else { return nil }
    let question = questions.removeFirst()
    if !questions.isEmpty {
      waiting[user] = questions
      users.append(user)
    }
    runningCount += 1
    return question
  }

  /// A request was answered.
  mutating func end() { runningCount -= 1 }
}
