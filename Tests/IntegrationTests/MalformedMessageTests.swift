import NDIS
import Testing

/// Every message that no client should send: an answer or the end of its session, nothing else.
///
/// One daemon serves them all, and a canary whose open must never notice.
@Suite(
  "Malformed messages", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .sharedLab)
struct MalformedMessageTests {
  private let lab: Lab
  private let canary: ControlSession

  init() throws {
    lab = try #require(SharedLab.current)
    canary = try lab.client.open(types: [0x888E])
  }

  @Test("A-75: a malformed message closes its own session only", arguments: Violation.allCases)
  func violation(_ violation: Violation) throws {
    let culprit = try lab.client.connect()
    let isSent = try culprit.sendRaw(
      violation.message, descriptorCount: violation.descriptorCount)
    // A kernel that knows SO_PASSRIGHTS lets no descriptor come as far as the daemon.
    if isSent {
      #expect(try culprit.closes())
    } else {
      #expect(violation.descriptorCount > 0)
      #expect(try culprit.enumerate().status == .success)
    }
    try checkCanary()
  }

  @Test("threat T1: a flag bit in a request closes the session", arguments: 0..<32)
  func flagBit(_ bit: UInt32) throws {
    var header = RawHeader(opcode: 11)
    header.flags = 1 << bit
    #expect(try lab.client.probe([header.hex + "0000000000000000"]) == [.closed])
  }

  @Test(
    "threat T1: a message before HELLO closes the session", arguments: [1, 2, 4, 8, 11, 12, 99])
  func beforeHello(_ opcode: Int) throws {
    let session = try lab.client.connectSilently()
    _ = try session.request("send", ["opcode": .number(opcode)])
    #expect(try session.closes())
  }

  @Test("HELLO for another version is refused and closes; a second HELLO is an invalid request")
  func hello() throws {
    let session = try lab.client.connectSilently()
    let other = try session.request("hello", ["minimum": 2, "maximum": 9])
    #expect(try session.reply(to: other).status == .notSupported)
    #expect(try session.closes())

    let polite = try lab.client.connect()
    let again = try polite.request("hello")
    #expect(try polite.reply(to: again).status == .invalidRequest)
    #expect(try polite.enumerate().status == .success)
  }

  @Test("an id that is pending may not be used again")
  func pendingID() throws {
    let session = try lab.client.open(types: [0x88CC])
    let read = try session.startRead()
    try session.settle()
    _ = try session.request("send", ["opcode": 11, "id": .number(read)])
    #expect(try session.closes())
    try checkCanary()
  }

  @Test("B11: the longest message is answered, one byte more closes the session")
  func longest() throws {
    let rest = String(repeating: "00", count: 131_072 - 40)
    let fates = try lab.client.probe(
      [RawHeader(opcode: 5).hex + rest, RawHeader(opcode: 5).hex + rest + "00"], openFirst: "np0")
    #expect(fates == [.answered, .closed])
    try checkCanary()
  }

  @Test(
    "threat T2: every field of the header at its limits is answered, or closes its own session",
    arguments: RawHeader.Field.allCases, [true, false])
  func headerField(_ field: RawHeader.Field, isOpen: Bool) throws {
    var messages: [String] = []
    for opcode in UInt16(0)...15 {
      for value in field.values {
        var header = RawHeader(opcode: opcode)
        header.set(field, to: value)
        messages.append(header.hex + (RawMessage(rawValue: opcode)?.payload ?? ""))
      }
    }
    try probe(messages, isOpen: isOpen)
  }

  @Test(
    "threat T2: every number in a payload at its limits is answered, or closes its own session",
    arguments: RawMessage.allCases, [true, false])
  func payloadField(_ message: RawMessage, isOpen: Bool) throws {
    let payload = message.payload
    var messages: [String] = []
    for offset in stride(from: 0, to: payload.count / 2, by: 2) {
      for value in RawMessage.values(at: offset, of: payload) {
        messages.append(message.header.hex + payload.replacing(atOctet: offset, with: value))
      }
    }
    try probe(messages, isOpen: isOpen)
  }

  @Test(
    "B11: a message cut at any length, or longer than it should be, harms nobody",
    arguments: RawMessage.allCases, [true, false])
  func lengths(_ message: RawMessage, isOpen: Bool) throws {
    let whole = message.header.hex + message.payload
    var messages = stride(from: 2, to: whole.count, by: 2).map { String(whole.prefix($0)) }
    messages += ["00", "0000000000000000"].map { whole + $0 }
    try probe(messages, isOpen: isOpen)
  }

  /// Sends each on a session of its own; the lines that tell of them are few.
  private func probe(_ messages: [String], isOpen: Bool) throws {
    let before = try lab.daemon.complaints.count
    let resources = try lab.daemon.restingResources()
    let fates = try lab.client.probe(messages, openFirst: isOpen ? "np0" : "")
    for (message, fate) in zip(messages, fates) where fate == .silent {
      Issue.record("no answer, or two: \(message)")
    }
    #expect(try lab.daemon.complaints.count <= before + 20)
    try eventually("no leak: \(resources)") { try lab.daemon.resources == resources }
    try checkCanary()
  }

  private func checkCanary() throws {
    let frame = Frame.make(to: Frame.own, from: Frame.own, number: 0xCA)
    #expect(try canary.write(frame).status == .success)
    #expect(try canary.read().frames == [frame])
  }
}
