import NDIS

// What a session does while the test does something else.

extension ControlSession {
  /// Writes these frames, one message after the other, until `stopPump`.
  func startPump(_ frames: [String]) throws {
    let _: Nothing = try ask("pump", ["frames": .list(frames.map(Argument.text))])
  }

  /// Ends that; what became of each frame.
  func stopPump() throws -> [Statuses] { try ask("pumped", as: Pumped.self).frames }

  /// How often a frame met which status.
  struct Statuses: Decodable {
    private let counts: [(triple: [UInt32], count: Int)]

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      var counts: [(triple: [UInt32], count: Int)] = []
      while !container.isAtEnd {
        var entry = try container.nestedUnkeyedContainer()
        counts.append((try entry.decode([UInt32].self), try entry.decode(Int.self)))
      }
      self.counts = counts
    }

    /// How often it was written.
    var total: Int { counts.map(\.count).reduce(0, +) }

    /// How often it ended so.
    func count(_ status: CompletionStatus) -> Int {
      let triple = [
        status.ntStatus.rawValue, status.ndisStatus.rawValue, UInt32(bitPattern: status.errno),
      ]
      return counts.first { $0.triple == triple }?.count ?? 0
    }
  }

  /// What two sessions could send together, as fast as they may.
  struct Throughput: Decodable {
    let asked: Int
    let sent: Int
    let refused: Int
    let seconds: Double
    /// Those in which the bucket can only have filled for frames that were then sent.
    let busySeconds: Double
  }

  /// Writes a frame over and over, in batches, on two sessions of one program, until so many seconds
  /// are busy.
  func measureThroughput(
    with other: ControlSession, _ frame: String, seconds: Int
  ) throws -> Throughput {
    try ask(
      "throughput",
      ["other": .number(other.number), "frame": .text(frame), "seconds": .number(seconds)])
  }

  /// Every frame that waits for it.
  func drain() throws -> [String] { try ask("drain", as: Drained.self).frames }

  /// The errno of an OPEN on this connection by a program that inherited it.
  func openByHeir(_ interface: String) throws -> Int {
    try ask("inherit", ["name": .text(interface)], as: Inherited.self).errno
  }

  /// Opens an interface, reads up to the frame of this number, asks for everything else, and names
  /// the bytes without a meaning that are not zero.
  func findPadding(_ interface: String, until last: Int) throws -> [String] {
    let answer = try ask(
      "padding", ["name": .text(interface), "last": .number(last)], as: Padding.self)
    guard answer.objects > 8 else { throw LabError.failed("no counters to look at") }
    return answer.found
  }

  private struct Drained: Decodable { let frames: [String] }
  private struct Inherited: Decodable { let errno: Int }
  private struct Padding: Decodable {
    let found: [String]
    let objects: Int
  }
  private struct Pumped: Decodable { let frames: [Statuses] }
}
