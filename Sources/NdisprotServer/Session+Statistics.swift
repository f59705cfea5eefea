internal import NDIS
internal import Ndisprot
internal import NdisprotControl

/// A session's requests for counters: one is in progress, the others wait here.
///
/// An answer may be as long as the longest message. The next request starts when the previous
/// answer is sent: for a client that never reads, one answer is kept instead of hundreds (threat
/// T6).
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

  /// Starts the next request, if there is room for its answer.
  func askForStatistics() {
    guard !questions.isAsked, !questions.waiting.isEmpty,
      replies.hasRoom
    else { return }
    questions.isAsked = true
    let (wanted, parcel) = questions.waiting.removeFirst()
    host.handle(.statistics(wanted), parcel, of: self)
  }

  /// Answers the request in progress; the next one follows when the answer is sent.
  func answerStatistics(_ parcel: RequestParcel, _ output: [UInt8], _ objectCount: Int) {
    questions.isAsked = false
    finish(parcel, output, recordCount: objectCount)
  }

  /// The session ends: drops the requests that have not started.
  func dropStatistics() {
    let dropped = questions.waiting
    questions.waiting = []
    for question in dropped { question.parcel.complete(.cancelled) }
  }
}
