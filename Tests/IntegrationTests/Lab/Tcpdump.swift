import Glibc

/// Debian's tcpdump on the daemon's interface: what it saw, as hex.
///
/// It has libpcap and the kernel in common with the daemon, and nothing else.
final class Tcpdump {
  /// Of `PACKET_OUTGOING`, seen from the interface.
  enum Direction: String {
    case arriving = "in"
    case leaving = "out"
  }

  private let process: ChildProcess

  /// Starts it, and waits until nothing can be missed any more.
  init(_ lab: Lab, _ direction: Direction, etherType: String) throws {
    let words = [
      "tcpdump", "-i", "np0", "-Z", "root", "--immediate-mode", "-l", "-n", "-t", "-xx", "-Q",
      direction.rawValue, "ether", "proto", "0x\(etherType)",
    ]
    process = try ChildProcess(lab.nearWords(words), errorPath: lab.filePath("tcpdump"))
    try eventually("tcpdump: \(process.errorText)") {
      process.errorText.contains("listening on")
    }
  }

  /// The frames of a whole output of `-xx`.
  static func frames(of output: String) -> [String] {
    output.split(separator: "\n").reduce(into: []) { add(String($1), to: &$0) }
  }

  /// Takes a line: `\t0x0010:  6c70 …` is sixteen bytes; any other is the head of the next frame.
  private static func add(_ text: String, to frames: inout [String]) {
    guard text.hasPrefix("\t0x"), let colon = text.firstIndex(of: ":") else {
      frames.append("")
      return
    }
    frames[frames.count - 1] += text[text.index(after: colon)...].filter { $0 != " " }
  }

  /// Every frame so far, up to one that is known.
  func frames(upTo last: String) throws -> [String] {
    var frames: [String] = []
    while frames.last != last {
      guard let line = try process.nextLine() else { throw LabError.ended(process.errorText) }
      Self.add(String(decoding: line, as: UTF8.self), to: &frames)
    }
    return frames
  }
}
