internal import Ndisprot
internal import NdisprotControl

/// Questions for statistics that wait for their turn at control: one of each session at most.
///
/// A question costs a thousand times what a message does. A few are under way at a time, so that
/// between two of them every loop serves its sockets; and users take turns, so that nobody waits
/// for all that another asks through his many sessions.
///
/// - Source: threat T5
struct StatisticsQueue {
  typealias Question = (wanted: StatisticsRequest, parcel: RequestParcel, session: Session)
  private static let maximumRunning = 2

  private var waiting: [UInt32: [Question]] = [:]
  /// Who has a question that waits; the first is next.
  private var users: [UInt32] = []
  private var runningCount = 0

  /// Puts a question behind those of its user.
  mutating func append(_ question: Question) {
    let user = question.session.credentials.userID
    if waiting[user] == nil { users.append(user) }
    waiting[user, default: []].append(question)
  }

  /// The next question, if there is one and its time has come; `end` follows.
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

  /// A question was answered.
  mutating func end() { runningCount -= 1 }
}
