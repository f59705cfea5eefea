/// What the kernel shows every user about a process: its memory and its time.
///
/// - Units: bytes, seconds
/// - Source: proc(5), /proc/PID/status and stat
struct ProcessFacts {
  let residentByteCount: UInt64
  let lockedByteCount: UInt64
  let swappedByteCount: UInt64
  let threadCount: UInt64
  /// One bit per capability, by its number.
  let effectiveCapabilities: UInt64
  /// Page faults that required a disk access.
  let majorFaultCount: UInt64

  /// Reads the kernel's data; nil if it shows no such process here.
  init?(processID: UInt32) {
    guard let status = HostFacts.text(of: "/proc/\(processID)/status"),
      let stat = HostFacts.text(of: "/proc/\(processID)/stat")
    else { return nil }
    var values: [Substring: UInt64] = [:]
    var capabilities: UInt64 = 0
    for line in status.split(separator: "\n") {
      let words = line.split { $0 == ":" || $0 == "\t" || $0 == " " }
      guard words.count >= 2 else { continue }
      if words[0] == "CapEff" { capabilities = UInt64(words[1], radix: 16) ?? 0 }
      if let value = UInt64(words[1]) { values[words[0]] = value }
    }
    func bytes(_ key: Substring) -> UInt64 { (values[key] ?? 0) &* 1_024 }
    residentByteCount = bytes("VmRSS")
    lockedByteCount = bytes("VmLck")
    swappedByteCount = bytes("VmSwap")
    effectiveCapabilities = capabilities
    threadCount = values["Threads"] ?? 0
    // The program's name may contain spaces and ends at the last parenthesis; majflt is field 12.
    let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
    majorFaultCount = fields.count > 9 ? UInt64(fields[9]) ?? 0 : 0
  }
}
