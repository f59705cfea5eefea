import FoundationEssentials
import NDIS
import NdisprotControl
import TestSupport
import Testing

@testable import NdisprotClient

/// The program of README, as it stands there but for its first line, which is the import.
private func sample(_ connect: () throws -> Connection) throws {
  let group = MACAddress([0x01, 0x80, 0xC2, 0x00, 0x00, 0x03])

  let connection = try connect()
  let port = try connection.open("eth0", etherTypes: .eapol, flags: .noLoopback, wait: .seconds(5))
  try port.join(group)

  // EAPOL-Start: destination, source, EtherType, version 2, type 1, no body.
  let addresses = [group, port.address].flatMap { address in (0..<6).map { address.octets[$0] } }
  try port.write(addresses + [0x88, 0x8E, 0x02, 0x01, 0x00, 0x00])

  while true {
    let frame = try port.read(timeout: .seconds(30))
    print(frame.timestampNanoseconds, frame.header?.source ?? .zero, frame.payload.count, "bytes")
  }
}

@Suite("README's program in Swift", .timeLimit(.minutes(15)))
struct ReadmeSampleTests {
  @Test("the program here is the one there")
  func same() throws {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let readme = try String(contentsOfFile: "/\(root)/README.md", encoding: .utf8)
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let block = try #require(
      readme.split(separator: "```swift\nimport NdisprotClient\n").dropFirst().first?
        .split(separator: "```").first)
    let lines = block.split(separator: "\n").map { line in
      line == "let connection = try Connection()" ? "let connection = try connect()" : line
    }
    let here = source.split(separator: "\n").map { $0.drop { $0 == " " } }
    #expect(lines.count > 8)
    let start = try #require(here.firstIndex(of: lines[0]))
    for (line, other) in zip(lines, here[start...]) {
      #expect(line.drop { $0 == " " } == other)
    }
  }

  @Test("it does not hear its own frame, and ends with the error of the daemon")
  func run() throws {
    try withDaemon { peer throws in
      let open = try peer.receive(.open)
      let wanted = try OpenRequest(decoding: open.payload.span.bytes)
      #expect(wanted.flags == .noLoopback && wanted.etherTypes == .eapol)
      let granted = OpenReply(
        mode: wanted.mode, flags: wanted.flags, queueByteCount: 1 << 20, interfaceIndex: 17,
        maximumFrameSize: 1500, address: MACAddress([2, 0, 0, 0, 0, 1]),
        etherTypes: wanted.etherTypes, name: "eth0")
      peer.reply(to: open.header, .success, granted.encoded)
      peer.reply(to: try peer.receive(.deviceControl).header)
      let write = try peer.receive(.write)
      #expect(write.payload.dropFirst(24).prefix(6) == [0x01, 0x80, 0xC2, 0, 0, 3])
      peer.reply(to: write.header)
      peer.reply(
        to: try peer.receive(.read).header, .success, ScriptedPeer.records([60]), count: 1)
      peer.reply(to: try peer.receive(.read).header, .adapterRemoved)
    } _: { connect throws in
      let error = #expect(throws: ClientError.self) { try sample(connect) }
      #expect(error?.status == .adapterRemoved)
    }
  }
}
