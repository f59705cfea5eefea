internal import Glibc
internal import NdisprotClient
internal import VirtualAdapter

/// The messages of `run`: about notices, undelivered frames, and failures.
struct RunText {
  let output: Output
  private let binding: String
  private let address: MACAddress

  init(_ output: Output, binding: String, address: MACAddress) {
    self.output = output
    self.binding = binding.printableName
    self.address = address
  }

  /// A notice; nil if it is shown only with -v.
  func line(_ notice: AdapterNotice, isVerbose: Bool) -> String? {
    switch notice {
    case .groupsRefused(let error):
      return "run: the program hears no groups of \(binding): \(cause(error)). Ask for the right "
        + "join, or write --no-groups"
    case .promiscuousRefused(let error):
      return
        "run: the program asked for promiscuous mode and hears only what is sent to \(binding) "
        + "and to groups: \(cause(error))"
    case .lost(let error):
      return
        "run: \(binding) is gone: \(cause(error)). The program's interface has no carrier until "
        + "it is back"
    case .refused(let error):
      return "run: \(binding) cannot be opened again: \(cause(error))"
    case .resumed: return "run: \(binding) is back"
    case .adapterDeleted: return "run: the program deleted its interface"
    case .unanswered:
      return "run: the daemon did not say in time what became of the program's last frames"
    case .formChosen(let error):
      return isVerbose ? "run: a veth pair is used, for \(error.text)" : nil
    case .filter(let filter):
      return isVerbose ? "run: packet filter \(filter.rawValue.hexText)" : nil
    case .followed(let kind): return isVerbose ? "run: followed \(kind.name)" : nil
    case .tally(let tally):
      let lines = lines(tally).map { $0.dropFirst("run: ".count) }
      guard isVerbose, !lines.isEmpty else { return nil }
      return "run: so far " + lines.joined(separator: "; ")
    }
  }

  /// What happened to undelivered frames, one line per reason.
  func lines(_ tally: AdapterTally) -> [String] {
    var lines: [String] = []
    for (status, count) in tally.written.failures.sorted(by: { $0.value > $1.value }) {
      lines.append("run: \(frames(count)) refused: \(reason(status, tally.written.limitByteCount))")
    }
    for (error, count) in tally.unread.sorted(by: { $0.value > $1.value }) {
      lines.append("run: \(frames(count)) lost: read from the adapter: \(words(error))")
    }
    if tally.stranded > 0 {
      lines.append("run: \(frames(tally.stranded)) not sent: \(binding) was gone")
    }
    if tally.truncated > 0 {
      lines.append(
        "run: \(frames(tally.truncated)) not received: merged on the way and longer than the MTU. Let the "
          + "card merge none: ethtool -K \(binding) gro off lro off, on a veth tso off gso off at its peer"
      )
    }
    if tally.overrun > 0 {
      lines.append(
        "run: \(frames(tally.overrun)) not received: they came faster than the program's interface took "
          + "them. A larger ring of the binding holds more: ring = in the daemon's configuration")
    }
    for (error, count) in tally.undelivered.sorted(by: { $0.value > $1.value }) {
      lines.append(
        "run: \(frames(count)) not received: "
          + (error == EIO ? "the program's interface was down" : words(error)))
    }
    return lines
  }

  /// Frames that the daemon did not see.
  func lines(ringLosses: UInt64) -> [String] {
    guard ringLosses > 0 else { return [] }
    return [
      "run: \(frames(ringLosses)) of all on \(binding) lost: the daemon's capture ring was full. A larger "
        + "ring of the binding holds more: ring = in the daemon's configuration"
    ]
  }

  private func frames(_ count: UInt64) -> String { count == 1 ? "1 frame" : "\(count) frames" }

  private func words(_ error: Int32) -> String { SystemError(errno: error, call: "").words }

  /// Why the daemon or the wire refused frames.
  private func reason(_ status: CompletionStatus, _ limit: UInt32) -> String {
    switch status {
    case .sourceMismatch: "source address is not \(binding)'s"
    case .restarted: "the daemon went before it answered"
    case .rateExceeded: "faster than your rule allows"
    case .linkDown: "\(binding) had no carrier"
    case .paused: "\(binding) was paused"
    case .lowPower: "\(binding) was down"
    case .etherTypeMismatch: "EtherType was not opened; name it with --ethertype"
    case .frameTooLong:
      limit > 0 ? "longer than \(limit) bytes, the limit of \(binding)" : "too long for \(binding)"
    case .noBuffers: "the queue of \(binding) stayed full"
    case .notPermitted: "your rule does not allow them"
    default: cause(.refused(status, .write))
    }
  }

  private func cause(_ error: ClientError) -> String {
    Output.words(
      for: error,
      Output.Context(what: "run", socketPath: "", binding: binding, operation: .write)
    ).cause
  }
}
