internal import Platform
internal import Synchronization

/// Passes reports to the sink: one at a time, in order, and without endless repetition.
final class Reporter: Sendable {
  private struct State {
    var sequence: UInt64 = 0
    var pending: [Report] = []
    var isDelivering = false
    var counts: [Key: UInt32] = [:]
  }

  private struct Key: Hashable {
    let code: Report.Code
    let object: ObjectID?
  }

  private let state = LockedValue(State())
  private let sink: ReportSink

  init(_ sink: @escaping ReportSink) { self.sink = sink }

  /// Reports a fault, unless the same code on the same object was reported often: after four times
  /// only every doubling is reported.
  func report(
    _ code: Report.Code, _ object: ObjectID?, _ kind: Kind?, _ name: String, _ detail: String
  ) {
    let threadID = SystemThread.currentID
    let mustDeliver = state.withLock { state in
      state.sequence &+= 1
      let key = Key(code: code, object: object)
      // The table is bounded: faults that do not fit are never suppressed.
      if state.counts.count < 4096 || state.counts[key] != nil {
        let count = (state.counts[key] ?? 0) &+ 1
        state.counts[key] = count
        guard count <= 4 || count & (count &- 1) == 0 else { return false }
      }
      state.pending.append(
        Report(
          code: code, object: object, kind: kind, name: name, threadID: threadID, detail: detail,
          sequence: state.sequence))
      defer { state.isDelivering = true }
      return !state.isDelivering
    }
    if mustDeliver { deliver() }
  }

  private func deliver() {
    while let report = nextReport() { sink(report) }
  }

  private func nextReport() -> Report? {
    state.withLock { state in
      guard !state.pending.isEmpty else {
        state.isDelivering = false
        return nil
      }
      return state.pending.removeFirst()
    }
  }
}
