import MDL
import NDIS
import NdisprotControl
import Testing

@Suite("enumerations that do not fit")
struct EnumerationTests {
  static func entry(_ index: UInt32, description: String = "") -> BindingEntry {
    BindingEntry(
      interfaceIndex: index, state: .running, link: .connected, isPowered: true, mtu: 1500,
      openCount: 0, address: .zero, name: "np\(index)", description: description)
  }

  @Test("a reply takes whole entries as far as they fit, and says that there are more")
  func paging() {
    let entries = (1...5000).map { Self.entry($0) }
    let reply = EnumerateReply(
      generation: 1, entries: entries, byteLimit: MessageHeader.maximumPayloadByteCount)
    #expect(reply.hasMore)
    #expect(reply.encoded.count <= MessageHeader.maximumPayloadByteCount)
    #expect(reply.encoded.count > MessageHeader.maximumPayloadByteCount - 48)
    #expect(reply.entries == Array(entries.prefix(reply.entries.count)))
  }

  @Test(
    "an entry tells what the caller may do, if that was agreed on: no row, or some",
    arguments: [
      nil, [],
      [BindingEntry.Access(rights: .all, etherTypes: EtherTypeSet([0xFFFF]))],
      [
        BindingEntry.Access(rights: .read, etherTypes: EtherTypeSet([0, 0x88B5, 0x88CC])),
        BindingEntry.Access(rights: [.read, .write], etherTypes: EtherTypeSet([0x88B5])),
      ],
    ] as [[BindingEntry.Access]?])
  func access(_ access: [BindingEntry.Access]?) throws {
    var entry = Self.entry(1, description: "veth")
    entry.access = access
    let entries = [entry, Self.entry(2)]
    let reply = EnumerateReply(generation: 1, entries: entries, byteLimit: 1 << 16)
    let decoded = try reply.encoded.decoded { payload throws(DecodeError) in
      try EnumerateReply(decoding: payload, entryCount: 2)
    }
    #expect(decoded.entries == entries)
    // More rows than there may be are refused before any is made.
    guard access != nil else { return }
    let count = reply.encoded.replacing(at: 16 + 48, UInt32(65))
    #expect(throws: DecodeError.self) {
      try count.decoded { payload throws(DecodeError) in
        try EnumerateReply(decoding: payload, entryCount: 2)
      }
    }
  }

  @Test("a limit that exactly fits leaves nothing out", arguments: [15, 16, 63, 64, 111, 112])
  func exactLimit(_ byteLimit: Int) {
    let entries = [Self.entry(1), Self.entry(2)]
    let reply = EnumerateReply(generation: 1, entries: entries, byteLimit: byteLimit)
    #expect(reply.entries.count == max(0, (byteLimit - 16) / 48))
    #expect(reply.hasMore == (byteLimit < 112))
  }

  @Test("a long description is cut between characters")
  func longDescription() throws {
    let long = Self.entry(1, description: String(repeating: "漢", count: 100))
    let reply = EnumerateReply(generation: 1, entries: [long], byteLimit: 1 << 16)
    let decoded = try reply.encoded.decoded { payload throws(DecodeError) in
      try EnumerateReply(decoding: payload, entryCount: 1)
    }
    #expect(decoded.entries.first?.description == String(repeating: "漢", count: 85))
  }

  @Test(
    "Q-16: what does not fit is left out in order, lengths stay those of the whole",
    arguments: [
      (0, 0, 0, 0), (19, 0, 0, 0), (20, 20, 0, 0), (27, 20, 0, 0), (28, 28, 20, 0),
      (33, 28, 20, 0), (34, 34, 20, 28), (4096, 34, 20, 28),
    ])
  func partialFill(_ room: Int, _ byteCount: Int, _ nameOffset: UInt8, _ textOffset: UInt8) {
    let bytes = QueryBinding(index: 2, name: "np0", description: "\u{1D11E}").encoded(room: room)
    #expect(bytes.count == byteCount)
    guard bytes.count >= 20 else { return }
    #expect(bytes[0] == 2)
    #expect(bytes[4] == nameOffset)
    #expect(bytes[8] == 6)
    #expect(bytes[12] == textOffset)
    #expect(bytes[16] == 4)
  }

  @Test("Q-15: an empty description is a length of 0 and a NUL of its own")
  func emptyDescription() throws {
    let binding = QueryBinding(index: 0, name: "np0", description: "")
    #expect(binding.byteCountNeeded == 20 + 6 + 2 + 2)
    let bytes = binding.encoded(room: 30)
    #expect(bytes.count == 30)
    #expect(bytes[12] == 28)
    #expect(try bytes.decoded(QueryBinding.init(decoding:)) == binding)
  }

  @Test(
    "UTF-16LE that is none is refused",
    arguments: [[0x6E], [0x34, 0xD8], [0x1E, 0xDD], [0x1E, 0xDD, 0x34, 0xD8]] as [[UInt8]])
  func badUTF16(_ bytes: [UInt8]) {
    #expect(bytes.decoded(String.init(utf16LittleEndian:)) == nil)
  }

  @Test("A-11: the name's trailing NUL is part of the name")
  func trailingNUL() {
    let bytes: [UInt8] = [0x6E, 0x00, 0x00, 0x00]
    #expect(bytes.decoded(String.init(utf16LittleEndian:)) == "n\0")
    #expect("n\0".utf16LittleEndianBytes == bytes)
    #expect(String(utf16LittleEndian: RawSpan()) == "")
  }
}
