internal import NDIS
internal import NdisprotClient

// The metric name and the help text of each counter.

extension Counter {
  /// The kind of object whose metric has the plain name.
  ///
  /// For other kinds with the same counter, the name begins with the kind: the frames that a
  /// binding sent are the sum over its opens, and no metric family mixes both.
  var home: StatisticsObject.Kind {
    switch self {
    case .kernelPackets, .kernelDrops, .kernelRepeated, .rxFrames, .rxBytes, .rxCut, .oidAsked,
      .oidTimedOut, .ringFrames, .ringBytes:
      .binding
    case .linkResyncs: .daemon
    case .limitUsed, .limitOfAll, .limitOfUser, .limitOfSession, .limitRefused: .limit
    case .denied: .denial
    default: .user
    }
  }

  /// The counter's name with underscores, the unit at its end.
  var metricName: String {
    if self == .cpuNanoseconds { return "cpu_seconds" }
    var text = ""
    var isBehindCapital = false
    for character in name {
      if character.isUppercase, !isBehindCapital { text += "_" }
      isBehindCapital = character.isUppercase
      text += character.lowercased()
    }
    return text
  }

  /// The base unit of the family; nil for plain counts.
  var unit: String? {
    switch self {
    case .rxBytes, .txBytes, .ringBytes: "bytes"
    case .cpuNanoseconds: "seconds"
    default: nil
    }
  }

  /// A value in the base unit.
  func metricValue(_ value: UInt64) -> String {
    self == .cpuNanoseconds ? value.secondsText : "\(value)"
  }

  /// The meaning of the counter, in a sentence.
  var help: String {
    switch self {
    case .kernelPackets: "Frames that passed the filter in the kernel."
    case .kernelDrops: "Frames that the ring of the kernel had no room for."
    case .kernelRepeated: "Frames captured by two rings during an exchange, counted once."
    case .rxCut: "Frames longer than the MTU that were cut to it."
    case .ringFrames: "Frames of the MTU that the ring of the kernel holds."
    case .ringBytes: "Bytes of the ring of the kernel."
    case .rxFrames: "Frames taken from the ring of the kernel."
    case .rxBytes: "Bytes of frames taken from the ring of the kernel."
    case .oidAsked: "Requests that had to query or configure the NIC."
    case .oidTimedOut: "Requests that the NIC did not answer in time."
    case .rxOffered: "Frames that arrived while the open existed."
    case .rxOverrun: "Frames lost because they were not read in time."
    case .rxMatched: "Frames that were for an open."
    case .rxUnmatchedEthertype: "Frames of an EtherType that was not opened."
    case .rxUnmatchedFilter: "Frames that the packet filter did not want."
    case .rxUnmatchedDirection: "Frames of this host that were not asked for."
    case .rxNotPermitted: "Frames that the open has no right to."
    case .rxDropState: "Frames dropped because the binding was paused or had no power."
    case .rxLooped: "Own frames that were looped back."
    case .rxDelivered: "Frames that were read."
    case .rxDropFlushed: "Matching frames that were dropped before they were read."
    case .rxDropClosed: "Matching frames that were not read when the open was closed."
    case .rxDropRevoked: "Matching frames that a changed policy took back before they were read."
    case .rxQueued: "Matching frames that wait to be read."
    case .txSubmitted: "Frames submitted for sending."
    case .txRejectedInvalid: "Frames refused because of their length or type."
    case .txRejectedPolicy: "Frames refused because of a right."
    case .txRejectedRate: "Frames refused because of a rate limit."
    case .txRejectedState: "Frames refused because of the state of the interface."
    case .txSent: "Frames sent."
    case .txErrNobufs: "Frames not sent: the queue of the interface stayed full."
    case .txErrNetdown: "Frames not sent: the interface went down."
    case .txErrGone: "Frames not sent: the interface went away."
    case .txErrToolong: "Frames not sent: longer than the MTU."
    case .txErrOther: "Frames not sent for another reason."
    case .txCancelled: "Frames cancelled before they were sent."
    case .txPending: "Frames that wait to be sent."
    case .txBytes: "Bytes of frames sent."
    case .reqIssued: "Requests taken."
    case .reqCompletedOk: "Requests that succeeded."
    case .reqCompletedError: "Requests that failed."
    case .reqCancelled: "Requests that were cancelled."
    case .reqPending: "Requests that wait for their end."
    case .limitUsed: "Amount of a limited resource that clients hold."
    case .limitOfAll: "Limit on it for all clients together."
    case .limitOfUser: "Limit on it for one user; root is exempt."
    case .limitOfSession: "Limit on it for one session."
    case .limitRefused: "Requests that were refused because of a limit."
    case .linkResyncs: "Times that all links were listed again because messages were lost."
    case .cpuNanoseconds: "Processor time spent on requests and frames of the user."
    case .sessions: "Connections of the user."
    case .opens: "Opens of the user."
    case .denied: "What the access policy or a limit refused, by reason."
    }
  }
}
