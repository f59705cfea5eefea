/// The far end of a cable: an independent program on a raw socket.
struct WirePeer {
  private let program: JSONProgram

  init(_ program: JSONProgram) { self.program = program }

  /// Puts frames on the wire, in order.
  func send(_ frames: String...) throws { try send(frames) }

  /// Puts frames on the wire, in order.
  func send(_ frames: [String]) throws {
    let answer: Sent = try program.ask("send", ["frames": .list(frames.map(Argument.text))])
    if let failure = answer.failure { throw LabError.failed("the far end: \(failure)") }
  }

  /// Starts to put frames of consecutive numbers on the wire, with pauses, until `finish`.
  ///
  /// The number replaces the four bytes behind the header, and grows by one each frame.
  func startFlood(
    _ frames: [String], count: Int, framesPerSecond: Int = 100_000
  ) throws {
    try program.begin(
      "flood",
      [
        "frames": .list(frames.map(Argument.text)), "count": .number(count),
        "rate": .number(framesPerSecond),
      ])
  }

  /// Waits until everything that was started has left.
  func finishFlood() throws {
    let answer: Sent = try program.answer(to: "flood")
    if let failure = answer.failure { throw LabError.failed("the far end: \(failure)") }
  }

  /// The next frames that arrive, fewer if time is up.
  func receive(_ count: Int, seconds: Int = Int(patience)) throws -> [String] {
    try program.ask(
      "receive", ["count": .number(count), "seconds": .number(seconds)], as: Received.self
    ).frames
  }

  /// Puts one frame on the wire many times, with pauses, while the test goes on.
  func startStream(_ frame: String, count: Int, microseconds: Int) throws {
    let _: Nothing = try program.ask(
      "stream",
      ["frame": .text(frame), "count": .number(count), "microseconds": .number(microseconds)])
  }

  /// Whether the stream has come to its end.
  func awaitStream() throws -> Bool { try program.ask("streamed", as: Streamed.self).ended }

  private struct Streamed: Decodable { let ended: Bool }
  /// Starts bursts of frames of all kinds, numbered, as fast as they go, until `startLull`.
  func startBursts(seed: Int) throws { try program.begin("blow", ["seed": .number(seed)]) }

  /// Has bursts of one kind follow those, for a moment; how many frames of all kinds the kernel took.
  func startLull() throws -> Int {
    try program.begin("lull")
    return try program.answer(to: "blow", as: Garbage.self).sent
  }

  /// Waits for the end of that, and forgets what has arrived meanwhile.
  func finishLull() throws {
    let _: Nothing = try program.answer(to: "lull")
    let _: Nothing = try program.ask("enough")
  }

  /// Whether a frame arrives, behind whatever others.
  func find(_ frame: String) throws -> Bool {
    try program.ask("find", ["frame": .text(frame)], as: Found.self).found
  }

  private struct Found: Decodable { let found: Bool }
  /// Puts frames on the wire that no program should send; how many the kernel took.
  func sendGarbage(_ count: Int, seed: Int) throws -> Int {
    try program.ask(
      "garbage", ["count": .number(count), "seed": .number(seed)], as: Garbage.self
    ).sent
  }

  private struct Garbage: Decodable { let sent: Int }
  private struct Sent: Decodable { let failure: String? }
  private struct Received: Decodable { let frames: [String] }
}
