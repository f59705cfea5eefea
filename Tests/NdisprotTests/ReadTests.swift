import MDL
import NDIS
import TestSupport
import Testing

@testable import Ndisprot

@Suite("Reads")
struct ReadTests {
  @Test("A-21: a pended read completes with the frame that arrives")
  func pended() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let id = try client.read()
    #expect(client.requester.completion(of: id) == nil)
    fixture.miniport.deliver([Frames.make(number: 1)])
    #expect(client.requester.completion(of: id)?.status == .success)
    #expect(client.requester.completion(of: id)?.information == 60)
    #expect(client.frames(id) == [Frames.make(number: 1)])
  }

  @Test("A-26: a short read gets the start of the frame, and the next read the next frame")
  func short() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.deliver([Frames.make(number: 1), Frames.make(number: 2)])
    let first = try client.read(room: 20)
    #expect(client.frames(first) == [Array(Frames.make(number: 1).prefix(20))])
    #expect(client.requester.completion(of: first)?.information == 20)
    let second = try client.read()
    #expect(client.frames(second) == [Frames.make(number: 2)])
  }

  @Test("A-27: with failOnTruncation the frame stays for a read that has the room")
  func failOnTruncation() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions(flags: .failOnTruncation))
    fixture.miniport.deliver([Frames.make(number: 1)])
    let short = try client.read(room: 20)
    #expect(client.requester.completion(of: short)?.status == .messageTooLong)
    #expect(client.requester.completion(of: short)?.bytesNeeded == 60)
    let long = try client.read(room: 60)
    #expect(client.frames(long) == [Frames.make(number: 1)])
  }

  @Test("A-28: a read without room is an invalid parameter")
  func noRoom() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let id = try client.read(room: 0)
    #expect(client.requester.completion(of: id)?.status == .invalidParameter)
  }

  @Test("A-29: a cancelled read leaves its frame to the next one")
  func cancelled() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let ids = try (0..<3).map { _ in try client.read() }
    #expect(client.open.cancel(ids[1]))
    #expect(client.requester.completion(of: ids[1])?.status == .cancelled)
    fixture.miniport.deliver([Frames.make(number: 1), Frames.make(number: 2)])
    #expect(client.frames(ids[0]) == [Frames.make(number: 1)])
    #expect(client.frames(ids[2]) == [Frames.make(number: 2)])
    #expect(!client.open.cancel(ids[1]))
  }

  @Test("A-38: a batch takes what is there, and waits for one when nothing is")
  func batch() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let sent = (1...5).map { Frames.make(number: UInt32($0)) }
    fixture.miniport.deliver(sent)
    let first = try client.read(room: 4_096, isBatch: true, count: 8)
    #expect(client.frames(first) == sent)
    let second = try client.read(room: 4_096, isBatch: true, count: 8)
    #expect(client.requester.completion(of: second) == nil)
    fixture.miniport.deliver([Frames.make(number: 6)])
    #expect(client.frames(second) == [Frames.make(number: 6)])
  }

  @Test("a batch too small for one record says what it needs, and the frame stays")
  func tooSmallBatch() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.deliver([Frames.make(number: 1)])
    let small = try client.read(room: 50, isBatch: true)
    let needed = FrameRecord.byteCount(ofFrame: 60)
    #expect(client.requester.completion(of: small)?.status == .bufferTooSmall)
    #expect(client.requester.completion(of: small)?.bytesNeeded == needed)
    let large = try client.read(room: needed, isBatch: true)
    #expect(client.frames(large) == [Frames.make(number: 1)])
  }

  @Test("A-39: the 257th pended read is one too many")
  func tooMany() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    for _ in 0..<256 { _ = try client.read() }
    let id = try client.read()
    #expect(client.requester.completion(of: id)?.status == .tooManyRequests)
  }

  @Test("a full socket leaves the read pended and cancellable, and nothing is lost")
  func fullSocket() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    client.requester.isFull = true
    let first = try client.read()
    let second = try client.read()
    fixture.miniport.deliver([Frames.make(number: 1)])
    #expect(client.requester.completions.isEmpty)
    #expect(client.open.cancel(first))
    client.requester.isFull = false
    client.open.resume()
    #expect(client.frames(second) == [Frames.make(number: 1)])
  }

  @Test("each of two opens gets every frame that is its own, from one ring")
  func twoOpens() throws {
    let fixture = try DataPathFixture()
    let eapol = try DataPathFixture.Client(fixture, OpenOptions())
    let any = try DataPathFixture.Client(fixture, OpenOptions(etherTypes: EtherTypeSet([0xFFFF])))
    let frames = [Frames.make(type: 0x88CC, number: 1), Frames.make(number: 2)]
    fixture.miniport.deliver(frames)
    #expect(eapol.frames(try eapol.read(room: 4_096, isBatch: true)) == [frames[1]])
    #expect(any.frames(try any.read(room: 4_096, isBatch: true)) == frames)
  }

  @Test("A-51, B-40: low power flushes what waits, keeps the reads, and drops what comes")
  func lowPower() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.deliver([Frames.make(number: 1)])
    fixture.change { $0.isUp = false }
    let id = try client.read()
    fixture.miniport.deliver([Frames.make(number: 2)])
    #expect(client.requester.completion(of: id) == nil)
    fixture.change { $0.isUp = true }
    fixture.miniport.deliver([Frames.make(number: 3)])
    #expect(client.frames(id) == [Frames.make(number: 3)])
  }

  @Test("D2, D3: the counters of an open account for every frame of its binding")
  func laws() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.deliver((0..<50).map { Frames.make(type: $0 % 2 == 0 ? 0x888E : 0x0800) })
    _ = try client.write([Frames.make(to: Frames.own, from: Frames.own)])
    _ = try client.read(room: 1_000, isBatch: true)
    fixture.change { $0.isUp = false }
    fixture.miniport.deliver([Frames.make()])
    let sets = fixture.dataPath.counters()
    let values = Dictionary(
      uniqueKeysWithValues: try #require(sets.first { $0.kind == .open }).values)
    let sum = { (names: [Counter]) in names.reduce(UInt64(0)) { $0 + (values[$1] ?? 0) } }
    #expect(
      values[.rxOffered]
        == sum([
          .rxOverrun, .rxMatched, .rxUnmatchedEthertype, .rxUnmatchedFilter,
          .rxUnmatchedDirection, .rxDropState,
        ]))
    #expect(
      sum([.rxMatched, .rxLooped])
        == sum([.rxDelivered, .rxDropFlushed, .rxDropClosed, .rxQueued]))
    #expect(values[.rxOffered] == 51)
    #expect(values[.rxLooped] == 1)
  }
}
