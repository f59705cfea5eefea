import NDIS

@testable import Ndisprot

/// A card that answers when the test says so.
final class ScriptedCard: NICQuerying, @unchecked Sendable {  // One test's thread.
  /// What it was asked and has not answered.
  private(set) var asked: [CardJob] = []
  private var answers: [@Sendable (Result<AdapterFacts, CardError>) -> Void] = []
  /// Everything it was ever told to hear, in order.
  private(set) var memberships: [MembershipSet] = []
  /// What it answers at once, if anything.
  var immediate: Result<AdapterFacts, CardError>?

  func ask(
    _ job: CardJob, of binding: AdapterBinding,
    _ answer: @escaping @Sendable (Result<AdapterFacts, CardError>) -> Void
  ) {
    if let wanted = job.memberships { memberships.append(wanted) }
    if let immediate {
      answer(immediate)
      return
    }
    asked.append(job)
    answers.append(answer)
  }

  /// Answers everybody who waits.
  func answer(_ result: Result<AdapterFacts, CardError> = .success(AdapterFacts())) {
    let waiting = answers
    (asked, answers) = ([], [])
    for answer in waiting { answer(result) }
  }

  /// Answers the one who has waited longest.
  func answerOldest(_ result: Result<AdapterFacts, CardError> = .success(AdapterFacts())) {
    guard !answers.isEmpty else { return }
    asked.removeFirst()
    answers.removeFirst()(result)
  }
}
