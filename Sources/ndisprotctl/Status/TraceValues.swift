internal import NdisprotClient

/// The meaning of the two numbers of a trace event.
///
/// - Source: the calls of `BindingTrace.note`, `AdapterBinding.handle` and `Session.note` in the daemon
enum TraceValues {
  /// The numbers with their names: `request 7, 1514 bytes`; those without a meaning are omitted.
  static func text(_ entry: TraceEntry) -> String {
    let (first, second) = (entry.first, entry.second)
    if entry.component == "ndis", let change = stateChange(entry) { return change }
    switch (entry.component, entry.name) {
    case ("send", "write"): return "request \(first), \(counted(second, "record"))"
    case ("send", "pend"): return "request \(first), from record \(second)"
    case ("send", "complete"): return "request \(first), \(counted(second, "byte")) sent"
    case ("send", "refuse"): return "request \(first)"
    case ("send", "socket full"): return "at record \(first)"
    case ("send", "queue full"): return "at record \(first), try \(second &+ 1)"
    case ("receive", "chunk"), ("receive", "indicate"): return counted(first, "byte")
    case ("receive", "deliver"): return "request \(first), \(counted(second, "byte"))"
    case ("receive", "blocked"): return "request \(first)"
    case ("receive", "refuse"): return "request \(first), \(counted(second, "byte")) needed"
    case ("ndis", "open"), ("ndis", "close"): return counted(first, "open")
    case ("ndis", "memberships"): return counted(first, "group")
    case ("ndis", "drained") where first == 5 && second == 2: return "pausing to paused"
    case ("ndis", "drained"): return "\(counted(first, "write")) cancelled"
    case ("ndis", "capture failed"), ("ndis", "status"): return "-"
    case ("wdf", _): return "-"
    case ("control", "message"): return "request \(first), \(opcodeName(second))"
    case ("control", "complete") where second == 0: return "request \(first), success"
    case ("control", "complete"):
      return "request \(first), \(SystemError(errno: Int32(clamping: second), call: "").words)"
    case ("control", _): return "-"
    default: return "\(first) \(second)"
    }
  }

  /// `paused to running`, for an event of a binding's state machine.
  private static func stateChange(_ entry: TraceEntry) -> String? {
    let lifeEvents: Set<String> = [
      "bind", "open succeeded", "open failed", "restart", "restart succeeded", "restart failed",
      "pause", "unbind", "closed", "power low", "power on",
    ]
    guard lifeEvents.contains(entry.name),
      let before = UInt32(exactly: entry.first).flatMap(BindingState.init(rawValue:)),
      let after = UInt32(exactly: entry.second).flatMap(BindingState.init(rawValue:))
    else { return nil }
    return before == after ? "stays \(after.name)" : "\(before.name) to \(after.name)"
  }

  private static func opcodeName(_ number: UInt64) -> String {
    UInt16(exactly: number).flatMap(Opcode.init(rawValue:)).map { "\($0)" } ?? "opcode \(number)"
  }

  private static func counted(_ count: UInt64, _ what: String) -> String {
    "\(count) \(what)\(count == 1 ? "" : "s")"
  }
}
