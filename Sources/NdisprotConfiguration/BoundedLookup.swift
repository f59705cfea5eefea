internal import Platform

/// BlockingWorker in a service that may never answer, on a thread of their own: the caller waits for a
/// limited time, and an answer that never comes blocks only that thread.
///
/// BlockingWorker run one after the other. Those that no caller waits for any more are skipped.
///
/// - Thread: any; `find` runs on the lookup's own thread, which ends when no lookup is left
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

  /// Creates one without a thread; `find` may take any time.
  init(_ threadName: String, _ find: @escaping @Sendable (Question) -> Answer) {
    self.threadName = threadName
    self.find = find
  }

  /// Looks answers up.
  ///
  /// - Parameters:
  ///   - questions: what to look up
  ///   - milliseconds: how long to wait for all answers together
  /// - Returns: the answers that arrived in time; none if no thread can be started
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

  /// Runs until no lookup is left.
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
