import Glibc
import NDIS
import Testing

/// What a client was sent and does not read is the daemon's memory, in the kernel.
@Suite(
  "Send buffers", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces,
  .needsSeveralUsers)
struct SendBufferTests {
  private static let group = Policy.rule(
    "crowd", "\"0x888e\"", "\"read\", \"write\"", user: "group = \"\(User.group)\"")

  private func user(_ index: Int) -> User { .numbered(61_020 + index, groups: [User.group]) }

  @Test("threat T6: large buffers are for opens that move frames, 64 in all and 16 of a user")
  func share() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let before = try lab.largeSendBuffers()
      #expect(before == 0)
      let first = try lab.makeClient(as: user(0)).connect()
      #expect(try first.open("np0", types: []).status == .success)
      #expect(try lab.largeSendBuffers() == 0)
      #expect(try first.closeDevice().status == .success)
      #expect(try first.open("np0").status == .success)
      #expect(try lab.largeSendBuffers() == 1)
      #expect(try first.closeDevice().status == .success)
      #expect(try lab.largeSendBuffers() == 0)

      let users = (0..<6).map { lab.makeClient(as: user($0)) }
      var opens: [[ControlSession]] = []
      for (index, client) in users.enumerated() {
        opens.append(try (0..<18).map { _ in try client.open() })
        #expect(try lab.largeSendBuffers() == min(16 * (index + 1), 64))
      }
      let root = try (0..<2).map { _ in try lab.makeClient(as: .owner).open() }
      #expect(try lab.largeSendBuffers() == 66)
      // One with a small buffer is served all the same.
      try lab.peer.send([Frame.make(to: Frame.broadcast)])
      #expect(try opens[5][17].read().frames == [Frame.make(to: Frame.broadcast)])
      // Who leaves, however, makes room for the next.
      for session in opens[0] { try session.disconnect() }
      try eventually("the first user's are gone") { try lab.largeSendBuffers() == 50 }
      for session in root { #expect(try session.closeDevice().status == .success) }
      _ = try users[1].open()
      #expect(try lab.largeSendBuffers() == 48)
      _ = try users[4].open()
      #expect(try lab.largeSendBuffers() == 49)
    }
  }

  @Test(
    "threat T6: clients that read nothing hold what their buffers hold, and all get what they asked for"
  )
  func unread() throws {
    try Lab.run(configuration: Policy.text(Self.group)) { lab in
      let lazy = try (0..<3).map { try lab.makeClient(as: user($0)).connect() }
      let asked = try lazy.map { try $0.stuff() }
      let held = try lab.bytesInSendBuffers()
      print("T6: \(held) bytes in the buffers of \(lazy.count) clients that read nothing")
      #expect(held > 0 && held <= lazy.count * 216_000)
      for (session, ids) in zip(lazy, asked) {
        for id in ids { #expect(try session.reply(to: id).status == .success) }
      }
    }
  }
}

extension Lab {
  /// The sockets of the daemon's sessions, as `ss` shows them; they are in the clients' namespace.
  private func sessionSockets() throws -> [Substring] {
    let outcome = try ChildProcess.run(
      ["ss", "-x", "-m", "-H", "state", "connected"], errorPath: filePath("ss"))
    guard outcome.exitCode == 0 else { throw LabError.failed("ss: \(outcome.errors)") }
    // An accepted socket has the listener's name.
    return outcome.output.split(separator: "\n").filter { $0.contains(socketPath) }
  }

  /// How many have the large buffer.
  fileprivate func largeSendBuffers() throws -> Int {
    try sessionSockets().count { $0.contains(",tb\(2 << 20),") }
  }

  /// Bytes that were sent and not read, with the kernel's own.
  fileprivate func bytesInSendBuffers() throws -> Int {
    try sessionSockets().map { line in
      line.split(separator: ",").first { $0.hasPrefix("t") && !$0.hasPrefix("tb") }.flatMap {
        Int($0.dropFirst())
      } ?? 0
    }.reduce(0, +)
  }
}
