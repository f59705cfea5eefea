internal import Platform

/// Questions to something that may never answer, asked on a thread of their own: the caller waits no
/// longer than it says, and an answer that never comes keeps only that thread.
///
/// Questions are asked one after the other. What a caller no longer waits for is not asked any more.
///
/// - Thread: any; `find` runs on the lookup's own thread, which ends when nothing is asked
final class BoundedLookup<Question: Hashable & Sendable, Answer: Sendable>: Sendable {
  /// What one caller waits for.
  private struct Call {
    let number: UInt64
    var unasked: [Question]
    var answers: [Question: Answer] = [:]
    let count: Int
    let isDone: AutoResetEvent
  }
  private struct State {
    var calls: [Call] = []
    var lastNumber: UInt64 = 0
    var hasThread = false
  }
  private let state = LockedValue(State())
  private let threadName: String
  private let find: @Sendable (Question) -> Answer

  /// Makes one without a thread; `find` may take as long as it likes.
  init(_ threadName: String, _ find: @escaping @Sendable (Question) -> Answer) {
    self.threadName = threadName
    self.find = find
  }

  /// Asks.
  ///
  /// - Parameters:
  ///   - questions: what
  ///   - milliseconds: how long to wait for all of the answers together
  /// - Returns: the answers that came in time; none at all if there is no thread to ask on
  func answers(
    to questions: some Collection<Question>, within milliseconds: Int
  ) -> [Question: Answer] {
    guard !questions.isEmpty else { return [:] }
    let isDone = AutoResetEvent()
    let (number, needsThread) = state.withLock { state in
      state.lastNumber &+= 1
      state.calls.append(
        Call(
          number: state.lastNumber, unasked: Array(questions), count: questions.count,
          isDone: isDone))
      defer { state.hasThread = true }
      return (state.lastNumber, !state.hasThread)
    }
    if needsThread, (try? SystemThread.start(threadName, { self.run() })) == nil {
      state.withLock { $0.hasThread = false }
    } else {
      _ = isDone.wait(milliseconds: Int32(clamping: milliseconds))
    }
    return state.withLock { state in
      guard let index = state.calls.firstIndex(where: { $0.number == number }) else { return [:] }
      return state.calls.remove(at: index).answers
    }
  }

  /// Asks until nothing is left to ask.
  private func run() {
    while let (number, question) = next() {
      let answer = find(question)
      state.withLock { state in
        guard let index = state.calls.firstIndex(where: { $0.number == number }) else { return }
        state.calls[index].answers[question] = answer
        let call = state.calls[index]
        if call.answers.count == call.count { call.isDone.set() }
      }
    }
  }

  private func next() -> (UInt64, Question)? {
    state.withLock { state in
      guard let index = state.calls.firstIndex(where: { !$0.unasked.isEmpty }) else {
        state.hasThread = false
        return nil
      }
      return (state.calls[index].number, state.calls[index].unasked.removeLast())
    }
  }
}
