import NDIS

/// One connection to the daemon; every request returns the id that its reply will have.
struct ControlSession {
  private let program: JSONProgram
  /// As control.py knows it.
  let number: Int

  init(_ program: JSONProgram, number: Int) {
    self.program = program
    self.number = number
  }

  /// How an open shares its EtherTypes.
  enum Mode: Int {
    case exclusive = 0
    case shared = 1
  }

  /// The flags of OPEN.
  struct OpenFlags: OptionSet {
    let rawValue: Int
    static let anySource = OpenFlags(rawValue: 1)
    static let outgoing = OpenFlags(rawValue: 2)
    static let failOnTruncation = OpenFlags(rawValue: 4)
    static let ignoreCarrier = OpenFlags(rawValue: 8)
    static let noLoopback = OpenFlags(rawValue: 16)
    static let compat = OpenFlags(rawValue: 32)
    static func priority(_ number: Int) -> OpenFlags { OpenFlags(rawValue: number << 8) }
  }

  /// Sends a request that control.py builds.
  func request(_ command: String, _ arguments: [String: Argument] = [:]) throws -> Int {
    var arguments = arguments
    arguments["session"] = .number(number)
    return try program.ask(command, arguments, as: Issued.self).id
  }

  /// Has control.py do something with this session that is no single request.
  func ask<Answer: Decodable>(
    _ command: String, _ arguments: [String: Argument] = [:], as type: Answer.Type = Answer.self
  ) throws -> Answer {
    var arguments = arguments
    arguments["session"] = .number(number)
    return try program.ask(command, arguments)
  }

  /// Waits for the reply of a request.
  ///
  /// - Throws: if there is none in time, or the daemon hung up
  func reply(to id: Int, seconds: Int = Int(patience)) throws -> Reply {
    try program.ask(
      "reply", ["session": .number(number), "id": .number(id), "seconds": .number(seconds)])
  }

  /// Sends that many READs of one frame each.
  func startReads(_ count: Int) throws -> [Int] {
    try program.ask(
      "many",
      [
        "session": .number(number), "opcode": 4, "count": .number(count), "information": 1_518,
      ], as: ManyIssued.self
    ).ids
  }

  /// The replies of many requests.
  func collect(_ ids: [Int], seconds: Int = Int(patience)) throws -> Collected {
    try program.ask(
      "collect",
      [
        "session": .number(number), "ids": .list(ids.map(Argument.number)),
        "seconds": .number(seconds),
      ])
  }

  /// What became of many requests.
  struct Collected: Decodable {
    private let statuses: [[UInt32]]
    /// Requests without a reply.
    let missing: Int
    /// Requests with more than one.
    let repeated: Int

    /// How many ended so.
    func count(_ status: CompletionStatus) -> Int {
      let triple = [
        status.ntStatus.rawValue, status.ndisStatus.rawValue, UInt32(bitPattern: status.errno),
      ]
      return statuses.count { $0 == triple }
    }
  }

  /// Whether a request has no reply within a short time.
  func isPending(_ id: Int) throws -> Bool {
    // Its own reply would have come before the one of this request that ends at once.
    try settle()
    let answer: TimedOut = try program.ask(
      "reply", ["session": .number(number), "id": .number(id), "seconds": 0])
    return answer.timedOut == true
  }

  /// Waits until the daemon has seen everything that was sent before.
  func settle() throws {
    let reply = try reply(to: request("cancel", ["id": 0xFFFF_FFFF]))
    guard reply.status == .notFound else { throw LabError.failed("CANCEL: \(reply)") }
  }

  /// Whether the daemon hangs up, within ten seconds.
  func closes() throws -> Bool {
    try program.ask("closes", ["session": .number(number)], as: Closed.self).closed
  }

  /// Sends bytes as they are.
  ///
  /// - Returns: false if the kernel lets no descriptors through
  @discardableResult
  func sendRaw(_ message: String, descriptorCount: Int = 0) throws -> Bool {
    try program.ask(
      "raw",
      [
        "session": .number(number), "message": .text(message),
        "descriptorCount": .number(descriptorCount),
      ], as: Sent.self
    ).isSent
  }

  private struct Sent: Decodable { let isSent: Bool }

  /// Hangs up.
  func disconnect() throws {
    let _: Nothing = try program.ask("disconnect", ["session": .number(number)])
  }

  private struct Issued: Decodable { let id: Int }
  private struct ManyIssued: Decodable { let ids: [Int] }
  private struct Events: Decodable { let events: [Reply.Event] }
  private struct TimedOut: Decodable { let timedOut: Bool? }
  private struct Closed: Decodable { let closed: Bool }
}

// The requests of the control channel, each with its answer.

extension ControlSession {
  func open(
    _ interface: String, mode: Mode = .shared, flags: OpenFlags = [], types: [Int] = [0x888E],
    queueBytes: Int = 0, waitMilliseconds: Int = 4_500
  ) throws -> Reply {
    try reply(
      to: request(
        "open",
        [
          "name": .text(interface), "mode": .number(mode.rawValue),
          "flags": .number(flags.rawValue), "types": .list(types.map(Argument.number)),
          "queue": .number(queueBytes), "wait": .number(waitMilliseconds),
        ]))
  }

  /// The sample's OPEN_DEVICE.
  func openDevice(_ name: String) throws -> Reply {
    try reply(to: request("openDevice", ["name": .text(name)]))
  }

  func closeDevice() throws -> Reply { try reply(to: request("closeDevice")) }

  /// Asks for one frame; the reply comes when there is one.
  func startRead(room: Int = 1_518) throws -> Int {
    try request("read", ["room": .number(room)])
  }

  /// Reads one frame.
  func read(room: Int = 1_518) throws -> Reply { try reply(to: startRead(room: room)) }

  func write(_ frame: String) throws -> Reply {
    try reply(to: request("write", ["frame": .text(frame)]))
  }

  func writeBatch(_ frames: [String]) throws -> Reply {
    try reply(to: request("writeBatch", ["frames": .list(frames.map(Argument.text))]))
  }

  /// What became of frames whose memory the client changed all the while.
  struct Tampered: Decodable {
    let sent: Int
    let refused: Int
  }

  /// Writes batches from memory in which another thread puts `source` at `offset` of the frames and
  /// takes it away again.
  func writeTampered(
    _ frame: String, source: String, frameCount: Int, messageCount: Int, offset: Int = 6
  ) throws -> Tampered {
    try program.ask(
      "writeTampered",
      [
        "session": .number(number), "frame": .text(frame), "source": .text(source),
        "frameCount": .number(frameCount), "messageCount": .number(messageCount),
        "offset": .number(offset),
      ])
  }

  /// How reads ended of which half were cancelled at some time.
  struct Storm: Decodable {
    let asked: Int
    let delivered: Int
    let cancelled: Int
    let cancelsAsked: Int
    let cancelAnswers: Int
  }

  /// Asks for `count` reads and cancels at random, with frames coming or not.
  func storm(_ count: Int, seed: Int) throws -> Storm {
    try program.ask(
      "storm", ["session": .number(number), "count": .number(count), "seed": .number(seed)])
  }

  func readBatch(most: Int = 0, room: Int = 131_032) throws -> Reply {
    try reply(to: request("readBatch", ["most": .number(most), "room": .number(room)]))
  }

  func cancel(_ id: Int) throws -> Reply {
    try reply(to: request("cancel", ["id": .number(id)]))
  }

  func enumerate() throws -> Reply { try reply(to: request("enumerate")) }

  /// Asks for events from now on.
  func subscribe(_ kinds: EventKindSet = .all, interfaceIndex: Int = 0) throws -> Reply {
    try reply(
      to: request(
        "subscribe", ["kinds": .number(Int(kinds.rawValue)), "index": .number(interfaceIndex)]))
  }

  /// Takes the next events; fewer if they do not come in time or the daemon hangs up.
  func events(_ count: Int, seconds: Int = Int(patience)) throws -> [Reply.Event] {
    try program.ask(
      "events",
      ["session": .number(number), "count": .number(count), "seconds": .number(seconds)],
      as: Events.self
    ).events
  }

  /// Asks without reading an answer, until the daemon takes no more; the ids.
  func stuff() throws -> [Int] {
    try program.ask("stuff", ["session": .number(number)], as: ManyIssued.self).ids
  }

  /// Asks that many times for the first page, and reads no answer.
  func startStatistics(_ count: Int) throws -> [Int] {
    let payload = String(repeating: "00", count: 24)
    return try ask(
      "many", ["opcode": .number(12), "count": .number(count), "payload": .text(payload)],
      as: ManyIssued.self
    ).ids
  }

  func statistics() throws -> [Reply.CounterObject] {
    var objects: [Reply.CounterObject] = []
    var after: Argument = .list([0, 0, 0])
    while true {
      let page = try reply(to: request("statistics", ["after": after]))
      objects += page.objects ?? []
      guard page.hasMore == true, let last = objects.last else { return objects }
      after = .list([Int(last.kind), last.interfaceIndex, last.id].map(Argument.number))
    }
  }

  func wait(for names: [String], milliseconds: Int) throws -> Reply {
    try reply(to: startWait(for: names, milliseconds: milliseconds))
  }

  func startWait(for names: [String], milliseconds: Int) throws -> Int {
    try request(
      "wait",
      ["names": .list(names.map(Argument.text)), "milliseconds": .number(milliseconds)])
  }

  /// A request of the sample, by its code and bytes.
  func control(_ code: RequestCode, _ payload: String = "", room: Int = 0) throws -> Reply {
    try reply(to: startControl(code, payload, room: room))
  }

  /// Sends a request of the sample that may be pended.
  func startControl(_ code: RequestCode, _ payload: String = "", room: Int = 0) throws -> Int {
    try request(
      "control",
      ["code": .number(Int(code.rawValue)), "payload": .text(payload), "room": .number(room)])
  }

  /// The value of an OID, behind its 8 bytes of number and port.
  func query(_ oid: OID, room: Int = 1_024) throws -> Reply {
    try control(.queryOIDValue, Self.oidHeader(oid), room: room)
  }

  func set(_ oid: OID, _ value: String, port: String = "00000000") throws -> Reply {
    try control(.setOIDValue, Self.oidHeader(oid, port: port) + value)
  }

  /// `[OID u32][port u32]` as hex.
  static func oidHeader(_ oid: OID, port: String = "00000000") -> String {
    littleEndian(oid.rawValue) + port
  }
}

/// A number as the hex of its four bytes.
func littleEndian(_ number: UInt32) -> String {
  (0..<4).map { index in
    let octet = UInt8(truncatingIfNeeded: number >> UInt32(8 * index))
    return String(octet >> 4, radix: 16) + String(octet & 15, radix: 16)
  }.joined()
}
