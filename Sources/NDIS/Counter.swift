/// The name of one counter; all but gauges are monotonic, all are 64-bit.
///
/// The raw value is part of the control channel's protocol; numbers are never reused.
///
/// - Source: `ndisprotd.docc/Reliability.md` section 1 (laws D1–D6)
public enum Counter: UInt16, Sendable, CaseIterable {
  // Binding.
  /// Frames that passed the kernel's filter.
  case kernelPackets = 1
  case kernelDrops = 2
  case rxFrames = 3
  case rxBytes = 4
  // Requests that had to query the NIC.
  case oidAsked = 5
  case oidTimedOut = 6
  /// Frames captured by two handles while one took over from the other; delivered once.
  case kernelRepeated = 7
  /// Frames that were longer than the MTU and were cut in the latency profile.
  case rxCut = 8
  /// How many frames of the MTU the current capture ring holds, and its size in bytes.
  case ringFrames = 9
  case ringBytes = 10

  // Open, receiving (D2, D3).
  case rxOffered = 16
  case rxOverrun = 17
  case rxMatched = 18
  case rxUnmatchedEthertype = 19
  case rxUnmatchedFilter = 20
  case rxUnmatchedDirection = 21
  case rxNotPermitted = 22
  case rxDropState = 23
  case rxLooped = 24
  case rxDelivered = 25
  case rxDropFlushed = 26
  case rxDropClosed = 27
  case rxDropRevoked = 28
  case rxQueued = 29

  // Open, sending (D4).
  case txSubmitted = 48
  case txRejectedInvalid = 49
  case txRejectedPolicy = 50
  case txRejectedRate = 51
  case txRejectedState = 52
  case txSent = 53
  case txErrNobufs = 54
  case txErrNetdown = 55
  case txErrGone = 56
  case txErrToolong = 57
  case txErrOther = 58
  case txCancelled = 59
  case txPending = 60
  case txBytes = 61

  // Session (D6).
  case reqIssued = 80
  case reqCompletedOk = 81
  case reqCompletedError = 82
  case reqCancelled = 83
  case reqPending = 84
  /// Processor time that the daemon spent on its requests and frames.
  case cpuNanoseconds = 85

  // Daemon.
  /// How often all links were dumped again because the kernel's messages were lost or inconsistent.
  case linkResyncs = 96

  // Limit: what clients hold of one resource.
  case limitUsed = 112
  /// For all clients together.
  case limitOfAll = 113
  case limitOfUser = 114
  case limitOfSession = 115
  /// Requests that were refused because of it.
  case limitRefused = 116

  // User, since the daemon's start.
  case sessions = 120
  case opens = 121

  // Daemon, by reason.
  case denied = 122

  /// Whether the value goes up and down; all others only grow.
  public var isGauge: Bool {
    switch self {
    case .rxQueued, .txPending, .reqPending, .ringFrames, .ringBytes, .limitUsed, .limitOfAll,
      .limitOfUser, .limitOfSession, .sessions, .opens:
      true
    default: false
    }
  }

  /// The name in JSON; `rx.drop_flushed` of the specification is `rxDropFlushed` here.
  public var name: String {
    // By hand: Embedded Swift has no names of cases.
    var names = Self.names.utf8[...]
    for _ in 0..<(Self.allCases.firstIndex(of: self) ?? 0) {
      guard let end = names.firstIndex(of: 0x20) else { break }
      names = names[names.index(after: end)...]
    }
    return String(Substring(names.prefix { $0 != 0x20 }))
  }

  /// The names of all cases, in order.
  private static let names = """
    kernelPackets kernelDrops rxFrames rxBytes oidAsked oidTimedOut kernelRepeated rxCut \
    ringFrames ringBytes rxOffered rxOverrun rxMatched rxUnmatchedEthertype \
    rxUnmatchedFilter rxUnmatchedDirection rxNotPermitted rxDropState rxLooped \
    rxDelivered rxDropFlushed rxDropClosed rxDropRevoked rxQueued txSubmitted \
    txRejectedInvalid txRejectedPolicy txRejectedRate txRejectedState txSent txErrNobufs \
    txErrNetdown txErrGone txErrToolong txErrOther txCancelled txPending txBytes \
    reqIssued reqCompletedOk reqCompletedError reqCancelled reqPending cpuNanoseconds \
    linkResyncs limitUsed limitOfAll limitOfUser limitOfSession limitRefused sessions \
    opens denied
    """
}
