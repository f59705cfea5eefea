import MDL
import NDIS
import TestSupport
import Testing

@testable import Ndisprot

@Suite("Writes")
struct WriteTests {
  private let own = Frames.make(to: Frames.peer, from: Frames.own, number: 1)

  @Test("A-40: a write puts the very bytes on the wire and answers with their number")
  func write() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let id = try client.write([own])
    #expect(fixture.miniport.sent == [own])
    #expect(client.requester.completion(of: id)?.status == .success)
    #expect(client.requester.completion(of: id)?.information == 60)
  }

  @Test(
    "A-41, A-44: lengths are checked against the MTU, a tag apart",
    arguments: [
      (0, false, CompletionStatus.invalidParameter), (13, false, .frameTooShort),
      (14, false, .success), (1514, false, .success), (1515, false, .frameTooLong),
      (1518, true, .success), (1519, true, .frameTooLong),
    ])
  func lengths(byteCount: Int, isTagged: Bool, expected: CompletionStatus) throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let frame = Frames.make(
      to: Frames.peer, from: Frames.own, tag: isTagged ? 5 : nil, byteCount: byteCount)
    let id = try client.write([frame])
    #expect(client.requester.completion(of: id)?.status == expected)
    #expect(fixture.miniport.sent.count == (expected == .success ? 1 : 0))
    if expected == .frameTooLong {
      #expect(client.requester.completion(of: id)?.bytesNeeded == (isTagged ? 1518 : 1514))
    }
  }

  @Test("A-42: the length is judged before the type, the type before the source, both before state")
  func order() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.change { $0.isUp = false }
    let wrongAll = Frames.make(
      to: Frames.peer, from: Frames.peer, type: 0x0800, byteCount: 1515)
    let wrongType = Frames.make(to: Frames.peer, from: Frames.peer, type: 0x0800)
    let wrongSource = Frames.make(to: Frames.peer, from: Frames.peer)
    let statuses = try [wrongAll, wrongType, wrongSource, own].map { frame in
      let id = try client.write([frame])
      return client.requester.completion(of: id)?.status
    }
    #expect(statuses == [.frameTooLong, .etherTypeMismatch, .sourceMismatch, .lowPower])
    #expect(fixture.miniport.sent.isEmpty)
  }

  @Test("D-49: without a carrier a write fails, unless the open ignores it")
  func carrier() throws {
    let fixture = try DataPathFixture()
    let careful = try DataPathFixture.Client(fixture, OpenOptions())
    let careless = try DataPathFixture.Client(fixture, OpenOptions(flags: .ignoreCarrier))
    fixture.change { $0.link = .disconnected }
    #expect(careful.requester.completion(of: try careful.write([own]))?.status == .linkDown)
    #expect(careless.requester.completion(of: try careless.write([own]))?.status == .success)
  }

  @Test("A-45: a write follows the address of the interface")
  func address() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let moved = MACAddress([0x02, 0, 0, 0, 0, 0xAA])
    fixture.change { $0.address = moved }
    #expect(client.requester.completion(of: try client.write([own]))?.status == .sourceMismatch)
    let frame = Frames.make(to: Frames.peer, from: moved)
    #expect(client.requester.completion(of: try client.write([frame]))?.status == .success)
  }

  @Test(
    "frames of a message that are alike, and others among them, are each sent, counted and looped back as if alone",
    arguments: 1...30)
  func alikeOrNot(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let destinations = [Frames.peer, Frames.own, Frames.group, .broadcast]
    var frames: [[UInt8]] = []
    while frames.count < 300 {
      let destination = destinations.randomElement(using: &generator) ?? Frames.peer
      let byteCount = Int.random(in: 0..<4, using: &generator) == 0 ? 14 : 60
      for _ in 0..<Int.random(in: 1...100, using: &generator) {
        frames.append(Frames.make(to: destination, from: Frames.own, byteCount: byteCount))
      }
    }
    frames.removeLast(frames.count - 300)
    let bytes = UInt64(frames.reduce(0) { $0 + $1.count })
    let id = try client.write(frames)
    #expect(client.requester.completion(of: id)?.information == Int(bytes))
    #expect(fixture.miniport.sent == frames)
    func pair(to destination: MACAddress) -> TrafficCounts.Pair {
      let own = frames.filter { frame in (0..<6).allSatisfy { frame[$0] == destination.octets[$0] }
      }
      return TrafficCounts.Pair(
        frames: UInt64(own.count), bytes: UInt64(own.reduce(0) { $0 + $1.count }))
    }
    let sent = fixture.dataPath.traffic.sent
    #expect(sent.multicast == pair(to: Frames.group))
    #expect(sent.broadcast == pair(to: .broadcast))
    #expect(sent.directed == pair(to: Frames.peer) + pair(to: Frames.own))
    let looped = client.open.counters().values.first { $0.0 == .rxLooped }?.1
    #expect(looped == (pair(to: Frames.own) + pair(to: .broadcast)).frames)
  }

  @Test("each frame of a batch has its own status, and the good ones are sent")
  func batch() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let bad = Frames.make(to: Frames.peer, from: Frames.peer)
    let id = try client.write([own, bad, own])
    #expect(fixture.miniport.sent == [own, own])
    let output = try #require(client.requester.outputs[id])
    #expect(output.count == 36)
    #expect(Array(output[0..<12]) == [UInt8](repeating: 0, count: 12))
    #expect(Array(output[12..<16]) == [0x0D, 0, 0, 0xC0])
    #expect(Array(output[24..<36]) == [UInt8](repeating: 0, count: 12))
    #expect(client.requester.completion(of: id)?.status == .sourceMismatch)
    #expect(client.requester.completion(of: id)?.information == 120)
  }

  @Test(
    "W-2…W-9: a frame among others of its message is judged as it is alone, and looped as alone",
    arguments: 1...20 as ClosedRange<UInt64>)
  func alike(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    // Runs of frames that differ in one thing from those before them.
    var frames: [[UInt8]] = []
    while frames.count < 200 {
      let frame = Frames.make(
        to: [Frames.peer, Frames.peer, Frames.own].randomElement(using: &generator) ?? Frames.peer,
        from: Int.random(in: 0..<4, using: &generator) == 0 ? Frames.peer : Frames.own,
        type: [0x888E, 0x888E, 0x8100, 0x88A8, 0x0800].randomElement(using: &generator) ?? 0x888E,
        tag: Int.random(in: 0..<4, using: &generator) == 0 ? 5 : nil,
        byteCount: [0, 13, 14, 15, 60, 1514, 1515, 1518, 1519].randomElement(using: &generator)
          ?? 60
      )
      let count = Int.random(in: 1...3, using: &generator)
      frames += [[UInt8]](repeating: frame, count: count)
    }
    let (together, alone) = (try DataPathFixture(), try DataPathFixture())
    let (many, one) = (
      try DataPathFixture.Client(together, OpenOptions()),
      try DataPathFixture.Client(alone, OpenOptions())
    )
    for start in stride(from: 0, to: 200, by: 50) {
      let part = Array(frames[start..<(start + 50)])
      let id = try many.write(part)
      let single = try part.map { frame in
        let status = try #require(one.requester.completion(of: try one.write([frame]))?.status)
        return [UInt8](
          littleEndian: status.ntStatus.rawValue, status.ndisStatus.rawValue,
          UInt32(bitPattern: status.errno))
      }
      #expect(many.requester.outputs[id] == Array(single.joined()))
    }
    #expect(together.miniport.sent == alone.miniport.sent && !alone.miniport.sent.isEmpty)
    let (sums, others) = (together.dataPath.counters()[1], alone.dataPath.counters()[1])
    #expect(
      Dictionary(uniqueKeysWithValues: sums.values)
        == Dictionary(uniqueKeysWithValues: others.values))
  }

  @Test("more frames than one send takes leave in order")
  func manyFrames() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let frames = (0..<700).map { Frames.make(to: Frames.peer, from: Frames.own, number: $0) }
    let id = try client.write(frames)
    while fixture.dataPath.sendPended() {}
    #expect(fixture.miniport.sent == frames)
    #expect(client.requester.completion(of: id)?.status == .success)
    #expect(client.requester.outputs[id]?.count == 700 * 12)
  }

  @Test("A-52: a write behind a full socket waits, is cancelled, and never reaches the wire")
  func cancelled() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.script = [SendProgress(sentCount: 0, failure: .wouldBlock)]
    let first = try client.write([own])
    let second = try client.write([Frames.make(to: Frames.peer, from: Frames.own, number: 2)])
    #expect(fixture.miniport.sendPossibleRequests == 1)
    #expect(client.requester.completions.isEmpty)
    #expect(client.open.cancel(second))
    #expect(client.requester.completion(of: second)?.status == .sendCancelled)
    fixture.miniport.handler?.sendPossible()
    while fixture.dataPath.sendPended() {}
    #expect(client.requester.completion(of: first)?.status == .success)
    #expect(fixture.miniport.sent == [own])
    #expect(!client.open.cancel(first))
  }

  @Test("D-48: the 257th outstanding write is refused, and what goes over 1 MiB")
  func tooManyWrites() throws {
    let fixture = try DataPathFixture()
    fixture.miniport.script = [SendProgress(sentCount: 0, failure: .wouldBlock)]
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    for _ in 0..<256 { #expect(client.requester.completion(of: try client.write([own])) == nil) }
    let late = try client.write([own])
    #expect(client.requester.completion(of: late)?.status == .tooManyRequests)

    let large = try DataPathFixture.Client(fixture, OpenOptions())
    let frames = (0..<80).map {
      Frames.make(to: Frames.peer, from: Frames.own, number: $0, byteCount: 1_514)
    }
    let writes = try (0..<9).map { _ in try large.write(frames) }
    #expect(
      writes.map { large.requester.completion(of: $0)?.status }
        == [CompletionStatus?](repeating: nil, count: 8) + [.tooManyRequests])
    #expect(large.open.transmit.submitted == 8 * 80)
  }

  @Test("D-59: a write that waited is judged by what is true when it goes out")
  func judgedLate() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.script = [SendProgress(sentCount: 1, failure: .wouldBlock)]
    let id = try client.write([own, own, own])
    fixture.change { $0.address = MACAddress([0x02, 0, 0, 0, 0, 0xAA]) }
    fixture.miniport.handler?.sendPossible()
    while fixture.dataPath.sendPended() {}
    #expect(client.statuses(of: id) == [.success, .sourceMismatch, .sourceMismatch])
    #expect(fixture.miniport.sent == [own])
  }

  @Test("R-32, W-20: a frame to the own address is looped back before its write is answered")
  func loopback() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let other = try DataPathFixture.Client(fixture, OpenOptions())
    let frame = Frames.make(to: Frames.own, from: Frames.own, number: 3)
    _ = try client.write([frame])
    #expect(client.frames(try client.read()) == [frame])
    let pended = try other.read()
    #expect(other.requester.completion(of: pended) == nil)
  }

  @Test("A-48: a frame that the open would not hear is not looped")
  func noLoopback() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    _ = try client.write([own])
    let first = try client.read()
    #expect(client.requester.completion(of: first) == nil)
    let deaf = try DataPathFixture.Client(fixture, OpenOptions(flags: .noLoopback))
    _ = try deaf.write([Frames.make(to: Frames.own, from: Frames.own)])
    let second = try deaf.read()
    #expect(deaf.requester.completion(of: second) == nil)
  }

  @Test("A-57: an unbind completes everything once and leaves a dead open")
  func unbind() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.script = [SendProgress(sentCount: 0, failure: .wouldBlock)]
    let reads = try (0..<3).map { _ in try client.read() }
    let write = try client.write([own])
    _ = fixture.binding.handle(.unbind)
    fixture.dataPath.unbind()
    for id in reads + [write] {
      #expect(client.requester.completion(of: id)?.status == .adapterRemoved)
    }
    #expect(client.requester.completion(of: try client.read())?.status == .bindingGone)
    #expect(client.requester.completion(of: try client.write([own]))?.status == .bindingGone)
    #expect(!fixture.miniport.isActive)
  }

  @Test("A-12: an exclusive open keeps others from its EtherTypes, and only from those")
  func exclusive() throws {
    let fixture = try DataPathFixture()
    let first = try DataPathFixture.Client(fixture, OpenOptions(mode: .exclusive))
    #expect(throws: BindingError.busy) { try DataPathFixture.Client(fixture, OpenOptions()) }
    let other = OpenOptions(etherTypes: EtherTypeSet([0x88CC]))
    _ = try DataPathFixture.Client(fixture, other)
    #expect(throws: BindingError.busy) {
      try DataPathFixture.Client(fixture, OpenOptions(etherTypes: EtherTypeSet([0xFFFF])))
    }
    first.open.close()
    _ = try DataPathFixture.Client(fixture, OpenOptions())
  }

  @Test("D-27: an open whose capture handle fails leaves no trace")
  func failedOpen() throws {
    let fixture = try DataPathFixture()
    fixture.miniport.activationScript = [.permissionDenied]
    #expect(throws: BindingError.miniport(.permissionDenied)) {
      try DataPathFixture.Client(fixture, OpenOptions(mode: .exclusive))
    }
    _ = try DataPathFixture.Client(fixture, OpenOptions(mode: .exclusive))
  }
}
