internal import NDIS
internal import Ndisprot
internal import WDF

extension Session {
  /// The counters of this session.
  var counterSet: CounterSet {
    CounterSet(
      kind: .session, userID: credentials.userID,
      interfaceIndex: open?.binding.interfaceIndex ?? 0, id: number,
      name: credentials.name,
      values: [
        (.reqIssued, counters.issued), (.reqCompletedOk, counters.completedOK),
        (.reqCompletedError, counters.completedError), (.reqCancelled, counters.cancelled),
        (.reqPending, UInt64(clamping: file.pendingCount)),
        (.cpuNanoseconds, work.nanoseconds),
      ])
  }
}

/// The counters of a session (law D6).
struct SessionCounters {
  var issued: UInt64 = 0
  var completedOK: UInt64 = 0
  var completedError: UInt64 = 0
  var cancelled: UInt64 = 0

  /// Counts a completion; `isCancelled` says why if it failed.
  mutating func count(isSuccess: Bool, isCancelled: Bool) {
    if isSuccess {
      completedOK &+= 1
    } else if isCancelled {
      cancelled &+= 1
    } else {
      completedError &+= 1
    }
  }
}
