internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform

/// A session's requests for counters: one is in progress, the others wait here.
///
/// An answer may be as long as the longest message. The next request starts when the previous
/// answer is sent: for a client that never reads, one answer is kept instead of hundreds (threat
/// T6).
final class StatisticsQuestions {
  static let maximumWaiting = 256
  typealias Question = (wanted: StatisticsRequest, parcel: RequestBox)
  fileprivate let waiting = HotCell<[Question]>([])
  fileprivate var isAsked = false

  var count: Int { waiting.value.count }
}

extension Session {
  /// STATISTICS.
  func requestStatistics(_ parcel: RequestBox, _ wanted: StatisticsRequest) {
    guard questions.count < StatisticsQuestions.maximumWaiting else {
      parcel.complete(.tooManyRequests)
      return
    }
    if wanted.isForTotals { becomeScraper() }
    questions.waiting.value.append((wanted, parcel))
    askForStatistics()
  }

  /// Starts the next request, if there is room for its answer.
  func askForStatistics() {
    guard questions.count > 0, !questions.isAsked, replies.hasRoom else { return }
    questions.isAsked = true
    let (wanted, parcel) = questions.waiting.value.removeFirst()
    host.handle(.statistics(wanted), parcel, of: self)
  }

  /// Answers the request in progress; the next one follows when the answer is sent.
  func answerStatistics(_ parcel: RequestBox, _ output: [UInt8], _ objectCount: Int) {
    questions.isAsked = false
    finish(parcel, output, recordCount: objectCount)
  }

  /// The session ends: drops the requests that have not started.
  func dropStatistics() {
    let dropped = questions.waiting.value
    questions.waiting.value = []
    for question in dropped { question.parcel.complete(.cancelled) }
  }
}
