internal import Glibc

/// Resident memory of a process, by what is mapped.
struct ProcessMemory {
  /// Bytes of packet sockets' rings, which are the kernel's.
  private(set) var socketBytes = 0.0
  /// All other bytes.
  private(set) var otherBytes = 0.0

  /// Reads it from `/proc`.
  init(of process: ChildProcess) throws(BenchError) {
    let path = process.procPath + "/smaps"
    var isSocket = false
    for line in try Self.lines(of: path) {
      let words = line.split(separator: " ")
      guard let first = words.first else { continue }
      if first == "Rss:", words.count > 1, let kilobytes = Double(words[1]) {
        if isSocket { socketBytes += kilobytes * 1_024 } else { otherBytes += kilobytes * 1_024 }
      } else if !first.hasSuffix(":") {
        isSocket = line.contains("socket:[")
      }
    }
    guard otherBytes > 0 else { throw .missing("\(path) without Rss") }
  }

  /// Piece by piece: of a file of /proc that says it has no size, Foundation reads the first page.
  private static func lines(of path: String) throws(BenchError) -> [Substring] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .missing("cannot read \(path)") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    let deadline = MonotonicTime.now + 5
    while let more = ChildProcess.read(descriptor, until: deadline), !more.isEmpty {
      bytes += more
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }
}
