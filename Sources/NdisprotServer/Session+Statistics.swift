internal import NDIS
internal import Ndisprot
internal import NdisprotControl

/// What a session asks of the counters: one question is on its way, the others wait here.
///
/// An answer may be as long as a message can be. The next question is asked when the answer before
/// it has left: of a client that reads none, one answer is kept and not hundreds (threat T6).
final class StatisticsQuestions {
  static let maximumWaiting = 256
  fileprivate var waiting: [(wanted: StatisticsRequest, parcel: RequestParcel)] = []
  fileprivate var isAsked = false
}

extension Session {
  /// STATISTICS.
  func requestStatistics(_ parcel: RequestParcel, _ wanted: StatisticsRequest) {
    guard questions.waiting.count < StatisticsQuestions.maximumWaiting else {
      parcel.complete(.tooManyRequests)
      return
    }
    if wanted.isForTotals { becomeScraper() }
    questions.waiting.append((wanted, parcel))
    askForStatistics()
  }

  /// Asks the next question, if there is room for its answer.
  func askForStatistics() {
    guard !questions.isAsked, !questions.waiting.isEmpty,
      replies.hasRoom
    else { return }
    questions.isAsked = true
    let (wanted, parcel) = questions.waiting.removeFirst()
    host.handle(.statistics(wanted), parcel, of: self)
  }

  /// Answers the question that was asked; the next one follows when this has left.
  func answerStatistics(_ parcel: RequestParcel, _ output: [UInt8], _ objectCount: Int) {
    questions.isAsked = false
    finish(parcel, output, recordCount: objectCount)
  }

  /// The session ends: what was not asked is not asked any more.
  func dropStatistics() {
    let dropped = questions.waiting
    questions.waiting = []
    for question in dropped { question.parcel.complete(.cancelled) }
  }
}
