import MDL
import NDIS
import NdisprotControl
import Testing

@Suite("decode ∘ encode = identity")
struct PropertyTests {
  static let seeds: [UInt64] = Array(0..<64)

  static func text(_ generator: inout SeededGenerator, _ byteCounts: ClosedRange<Int>) -> String {
    let alphabet = Array("abcxyz019-_.é漢𝄞")
    var text = ""
    let wanted = Int.random(in: byteCounts, using: &generator)
    while text.utf8.count < wanted {
      let next = alphabet.randomElement(using: &generator) ?? "a"
      text.append(text.utf8.count + next.utf8.count <= wanted ? next : "a")
    }
    return text
  }

  static func etherTypes(_ generator: inout SeededGenerator) -> EtherTypeSet {
    let count = Int.random(in: 0...16, using: &generator)
    return EtherTypeSet(
      (0..<count).map { _ in
        Bool.random(using: &generator) && count > 8
          ? 0 : UInt16.random(in: 0x0600...0xFFFF, using: &generator)
      })
  }

  /// Any name that an interface can have, most of them no UTF-8.
  static func name(_ generator: inout SeededGenerator) -> InterfaceName {
    while true {
      let count = Int.random(in: 1...127, using: &generator)
      let most: UInt8 = Bool.random(using: &generator) ? 0x7F : 0xFF
      let bytes = (0..<count).map { _ in UInt8.random(in: 1...most, using: &generator) }
      if let name = InterfaceName(bytes: bytes) { return name }
      if let name = InterfaceName(bytes: bytes.filter { $0 > 0x3F }) { return name }
    }
  }

  static func address(_ generator: inout SeededGenerator) -> MACAddress {
    MACAddress(InlineArray { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  @Test("HELLO, CANCEL, ENUMERATE, STATISTICS requests", arguments: seeds)
  func small(_ seed: UInt64) throws {
    var random = SeededGenerator(state: seed)
    let versions = [random.next(), random.next()].map { UInt16(truncatingIfNeeded: $0) }.sorted()
    let hello = HelloRequest(
      minimumVersion: versions[0], maximumVersion: versions[1], features: random.next())
    #expect(try hello.encoded.decoded(HelloRequest.init(decoding:)) == hello)
    let reply = HelloReply(
      version: versions[0], maximumMessageByteCount: .random(in: 0...(.max), using: &random),
      features: random.next())
    #expect(try reply.encoded.decoded(HelloReply.init(decoding:)) == reply)
    let cancel = CancelRequest(id: random.next())
    #expect(try cancel.encoded.decoded(CancelRequest.init(decoding:)) == cancel)
    let index = UInt32.random(in: 0...(.max), using: &random)
    let enumerate = EnumerateRequest(afterInterfaceIndex: index)
    #expect(try enumerate.encoded.decoded(EnumerateRequest.init(decoding:)) == enumerate)
    let statistics = StatisticsRequest(
      interfaceIndex: index,
      after: .init(kind: .init(rawValue: index), interfaceIndex: index, id: random.next()))
    #expect(try statistics.encoded.decoded(StatisticsRequest.init(decoding:)) == statistics)
  }

  @Test("OPEN and its reply", arguments: seeds)
  func open(_ seed: UInt64) throws {
    var random = SeededGenerator(state: seed)
    let request = OpenRequest(
      name: Self.name(&random), etherTypes: Self.etherTypes(&random),
      mode: OpenRequest.Mode.allCases.randomElement(using: &random) ?? .shared,
      flags: OpenRequest.Flags(rawValue: .random(in: 0...63, using: &random)),
      queueByteCount: .random(in: 0...(.max), using: &random),
      waitMilliseconds: .random(in: 0...(.max), using: &random))
    #expect(try request.encoded.decoded(OpenRequest.init(decoding:)) == request)
    let reply = OpenReply(
      mode: request.mode, flags: request.flags, queueByteCount: request.queueByteCount,
      interfaceIndex: .random(in: 0...(.max), using: &random),
      maximumFrameSize: .random(in: 0...(.max), using: &random), address: Self.address(&random),
      etherTypes: request.etherTypes, name: request.name.text)
    #expect(try reply.encoded.decoded(OpenReply.init(decoding:)) == reply)
  }

  @Test("WAIT, the OID requests and QUERY_BINDING", arguments: seeds)
  func texts(_ seed: UInt64) throws {
    var random = SeededGenerator(state: seed)
    let names = (0..<Int.random(in: 0...9, using: &random)).map { _ in
      Self.name(&random)
    }
    let wait = WaitRequest(
      names: names, timeoutMilliseconds: .random(in: 0...(.max), using: &random))
    #expect(try wait.encoded.decoded(WaitRequest.init(decoding:)) == wait)
    let oid = OIDMessage(
      oid: OID(rawValue: .random(in: 0...(.max), using: &random)),
      port: .random(in: 0...(.max), using: &random),
      value: (0..<Int.random(in: 0...200, using: &random)).map { UInt8(truncatingIfNeeded: $0) })
    #expect(try oid.encoded.decoded(OIDMessage.init(decoding:)) == oid)
    let binding = QueryBinding(
      index: .random(in: 0...(.max), using: &random), name: Self.text(&random, 1...15),
      description: Self.text(&random, 0...60))
    let bytes = binding.encoded(room: binding.byteCountNeeded)
    #expect(try bytes.decoded(QueryBinding.init(decoding:)) == binding)
  }

  @Test("ENUMERATE's reply", arguments: seeds)
  func enumerate(_ seed: UInt64) throws {
    var random = SeededGenerator(state: seed)
    let entries = (0..<Int.random(in: 0...6, using: &random)).map { _ in
      BindingEntry(
        interfaceIndex: .random(in: 0...(.max), using: &random),
        state: BindingState.allCases.randomElement(using: &random) ?? .running,
        link: MediaConnectState(rawValue: .random(in: 0...2, using: &random)) ?? .unknown,
        isPowered: .random(using: &random), mtu: .random(in: 0...(.max), using: &random),
        openCount: .random(in: 0...(.max), using: &random), address: Self.address(&random),
        name: Self.text(&random, 1...15), description: Self.text(&random, 0...255),
        names: Bool.random(using: &random)
          ? nil
          : BindingEntry.Names(
            kind: Self.text(&random, 0...15), master: Self.text(&random, 0...15),
            alternativeNames: (0..<Int.random(in: 0...4, using: &random)).map { _ in
              Self.text(&random, 1...127)
            }))
    }
    let reply = EnumerateReply(
      generation: random.next(), entries: entries, byteLimit: 1 << 20)
    #expect(!reply.hasMore)
    let decoded = try reply.encoded.decoded { payload throws(DecodeError) in
      try EnumerateReply(decoding: payload, entryCount: UInt32(entries.count))
    }
    #expect(decoded == reply)
  }

  @Test("STATISTICS' reply", arguments: seeds)
  func statistics(_ seed: UInt64) throws {
    var random = SeededGenerator(state: seed)
    let objects = (0..<Int.random(in: 0...5, using: &random)).map { _ in
      StatisticsObject(
        kind: .init(rawValue: .random(in: 0...4, using: &random)),
        interfaceIndex: .random(in: 0...(.max), using: &random), id: random.next(),
        name: Self.text(&random, 0...30),
        readings: (0..<Int.random(in: 0...40, using: &random)).map { _ in
          .init(number: .random(in: 0...(.max), using: &random), value: random.next())
        })
    }
    let reply = StatisticsReply(
      objects: objects, byteLimit: Int.random(in: 8...4_000, using: &random))
    #expect(reply.hasMore == (reply.objects.count < objects.count))
    let decoded = try StatisticsReply(
      decoding: reply.encoded.span.bytes, objectCount: UInt32(reply.objects.count))
    #expect(decoded == reply)
  }

  @Test("records", arguments: seeds)
  func records(_ seed: UInt64) throws {
    var random = SeededGenerator(state: seed)
    var writer = RecordWriter()
    var frames: [[UInt8]] = []
    while true {
      let frame = (0..<Int.random(in: 0...1600, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      guard writer.append(frame.span.bytes) else { break }
      frames.append(frame)
    }
    #expect(try RecordTests.frames(writer.records.array, writer.recordCount) == frames)
  }
}
