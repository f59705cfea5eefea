import NDIS
import TestSupport
import Testing

@testable import Ndisprot

/// Who is served, and when: no read is left with its frame, and none is too late for it.
@Suite("Serving reads")
struct ServingTests {
  private static let other: UInt16 = 0x88B5
  private static let others = (0..<40).map { Frames.make(type: other, number: $0) }

  private func value(_ client: DataPathFixture.Client, _ counter: Counter) -> UInt64? {
    client.open.counters().values.first { $0.0 == counter }?.1
  }

  @Test(
    "a read that comes among the chunks of another EtherType's burst is answered when they end, from a frame that waited before: it was put off, and who wanted the burst was served alone",
    arguments: [false, true])
  func putOffAmongChunks(isBatch: Bool) throws {
    let fixture = try DataPathFixture(receiveRingByteCount: 512 << 10)
    let patient = try DataPathFixture.Client(fixture, OpenOptions())
    let busy = try DataPathFixture.Client(
      fixture, OpenOptions(etherTypes: EtherTypeSet([Self.other])))
    fixture.miniport.deliver([Frames.make(number: 7)])
    _ = try busy.read(room: 64 << 10, isBatch: true)
    fixture.miniport.deliver(Self.others, isMoreThere: true)
    let read = try patient.read(isBatch: isBatch)
    #expect(patient.requester.completion(of: read) == nil)
    fixture.miniport.deliver(Self.others)
    #expect(patient.frames(read) == [Frames.make(number: 7)])
  }

  @Test(
    "small chunks are put together until a message is full, and it leaves with all that waits: in the middle of a chunk"
  )
  func fullMessages() throws {
    let fixture = try DataPathFixture(receiveRingByteCount: 1 << 20)
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let reads = try (0..<3).map { _ in try client.read(room: 128 << 10, isBatch: true) }
    let recordByteCount = FrameRecord.byteCount(ofFrame: 60)
    let full = (ReceivePath.fullMessage + recordByteCount - 1) / recordByteCount
    var number: UInt32 = 0
    for _ in 0..<4 {
      let frames = (0..<512).map { Frames.make(number: number + $0) }
      number += 512
      fixture.miniport.deliver(frames, isMoreThere: true)
    }
    #expect(client.frames(reads[0]).count == full)
    #expect(client.requester.completion(of: reads[1]) == nil)
    fixture.miniport.deliver([])
    #expect(client.frames(reads[1]).count == 4 * 512 - full)
    #expect(client.requester.completion(of: reads[2]) == nil)
  }

  @Test(
    "of mixed bursts in chunks no read is left whose frame is there, whatever is pended when",
    arguments: 1...100)
  func mixedBursts(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let fixture = try DataPathFixture(receiveRingByteCount: 256 << 10)
    let types: [UInt16] = [0x888E, 0x88B5, 0x88B6]
    let clients = try types.enumerated().map { index, type in
      try DataPathFixture.Client(
        fixture,
        OpenOptions(
          queueByteCount: index == 2 ? 4_096 : 0, etherTypes: EtherTypeSet([type])))
    }
    for _ in 0..<60 {
      for _ in 0..<Int.random(in: 0...4, using: &generator) {
        let frames = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
          Frames.make(
            type: types.randomElement(using: &generator) ?? 0x888E,
            byteCount: Int.random(in: 60...1_514, using: &generator))
        }
        fixture.miniport.deliver(frames, isMoreThere: true)
        if let client = clients.randomElement(using: &generator) {
          _ = try client.read(room: 4_096, isBatch: Bool.random(using: &generator))
          client.requester.isFull = UInt64.random(in: 0..<8, using: &generator) == 0
        }
      }
      fixture.miniport.deliver([])
      for client in clients {
        client.requester.isFull = false
        client.open.resume()
      }
      _ = fixture.dataPath.counters()
      for client in clients {
        #expect(!client.open.hasPendedReads || value(client, .rxQueued) == 0, "seed \(seed)")
      }
    }
  }

  @Test(
    "while reads are pended no frame is given up: the window and the depth of the sample bound what waits for a read that is not there",
    arguments: [
      (OpenOptions(mode: .exclusive, flags: .compat), 60),
      (OpenOptions(queueByteCount: 4_096), 200), (OpenOptions(queueByteCount: 1), 30),
    ])
  func pendedReadsKeepFrames(options: OpenOptions, count: Int) throws {
    let fixture = try DataPathFixture(receiveRingByteCount: 256 << 10)
    let client = try DataPathFixture.Client(fixture, options)
    let reads = try (0..<250).map { _ in try client.read() }
    let frames = (0..<UInt32(count)).map { Frames.make(number: $0, byteCount: 500) }
    fixture.miniport.deliver(frames)
    #expect(reads.prefix(count).flatMap(client.frames) == frames)
    _ = fixture.dataPath.counters()
    #expect(value(client, .rxOverrun) == 0)
  }

  @Test("A-23, R-29: without a read the limits are as they were, also for what a read left behind")
  func limitsWithoutReads() throws {
    let fixture = try DataPathFixture()
    let compat = try DataPathFixture.Client(
      fixture, OpenOptions(mode: .exclusive, flags: .compat))
    let first = try compat.read()
    let frames = (0..<10).map { Frames.make(number: $0) }
    fixture.miniport.deliver(frames)
    #expect(compat.frames(first) == [frames[0]])
    let rest = try (0..<5).map { _ in try compat.read() }
    #expect(rest.flatMap(compat.frames) == Array(frames[6...]))
    #expect(compat.requester.completion(of: rest[4]) == nil)
    _ = fixture.dataPath.counters()
    #expect(value(compat, .rxOverrun) == 5)
  }

  @Test("a window that is smaller than a frame keeps the newest one")
  func oneFrameAlways() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions(queueByteCount: 4_096))
    let frames = (0..<3).map { Frames.make(number: $0, byteCount: 9_000) }
    fixture.miniport.deliver(frames)
    let read = try client.read(room: 9_100)
    #expect(client.frames(read) == [frames[2]])
    _ = fixture.dataPath.counters()
    #expect(value(client, .rxOverrun) == 2)
  }

  @Test("a frame that is longer than the ring is kept, cut, and counted like any other (law D2)")
  func longerThanRing() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let read = try client.read(room: 70_000)
    fixture.miniport.deliver([Frames.make(number: 1, byteCount: 70_000)])
    #expect(client.frames(read).first?.count == (64 << 10) - FrameRecord.headerByteCount)
    let flags = client.requester.delivered[read]?[16]
    #expect(flags == UInt8(FrameRecord.Flags.truncated.rawValue))
    _ = fixture.dataPath.counters()
    #expect(value(client, .rxOffered) == 1 && value(client, .rxMatched) == 1)
  }

  @Test(
    "a dispatch is bounded by bytes: merged frames of 64 KiB end it before they overtake a reader")
  func mergedFrames() throws {
    let fixture = try DataPathFixture(receiveRingByteCount: 1 << 20)
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let merged = Frames.make(number: 1, byteCount: 65_000)
    // Four reads of one message each, as a client has them pended, and a dispatch of 512 frames.
    for _ in 0..<4 { _ = try client.read(room: 128 << 10, isBatch: true) }
    var sent = 0
    while fixture.miniport.stoppedDispatches == 0, sent < 512 {
      fixture.miniport.receive(merged)
      sent += 1
    }
    #expect(sent <= (512 << 10) / 65_000)
    fixture.miniport.deliver([], isMoreThere: true)
    #expect(!fixture.dataPath.shouldHold(nowNanoseconds: 1))
    _ = fixture.dataPath.counters()
    #expect(value(client, .rxOverrun) == 0)
  }

  @Test("all that one look takes of merged frames, held or not, overtakes no reader that reads")
  func mergedFramesUnderLoad() throws {
    let fixture = try DataPathFixture(receiveRingByteCount: 1 << 20)
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let merged = Frames.make(number: 1, byteCount: 65_000)
    var (now, answered) = (UInt64(1), 0)
    for _ in 0..<4 { _ = try client.read(room: 128 << 10, isBatch: true) }
    for _ in 0..<400 {
      now += 100_000
      if fixture.dataPath.shouldHold(nowNanoseconds: now) {
        // Meanwhile the client is answered, and asks again.
        let count = client.requester.completions.count
        for _ in answered..<count { _ = try client.read(room: 128 << 10, isBatch: true) }
        answered = count
        continue
      }
      let stopped = fixture.miniport.stoppedDispatches
      while fixture.miniport.stoppedDispatches == stopped { fixture.miniport.receive(merged) }
      fixture.miniport.deliver([], isMoreThere: true)
    }
    _ = fixture.dataPath.counters()
    #expect(value(client, .rxOverrun) == 0)
    #expect((value(client, .rxDelivered) ?? 0) > 100)
  }

  @Test(
    "a client's socket that takes no long message gets shorter ones, and is not taken for one that hung up",
    arguments: [4_000, 20_000, 1_000_000])
  func shorterMessages(recordByteLimit: Int) throws {
    let fixture = try DataPathFixture(receiveRingByteCount: 512 << 10)
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    client.requester.recordByteLimit = recordByteLimit
    let frames = (0..<60).map { Frames.make(number: $0, byteCount: 1_500) }
    fixture.miniport.deliver(frames)
    var got: [[UInt8]] = []
    while got.count < frames.count {
      let read = try client.read(room: 128 << 10, isBatch: true)
      try #require(client.requester.completion(of: read)?.status == .success)
      #expect((client.requester.delivered[read] ?? []).count <= recordByteLimit)
      got += client.frames(read)
    }
    #expect(got == frames)
  }

  @Test(
    "a frame longer than any message of the client's socket is cut and says so; with no room for one the read is refused",
    arguments: [false, true])
  func frameBeyondSocket(isBatch: Bool) throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    client.requester.recordByteLimit = 1_003
    fixture.miniport.deliver([Frames.make(number: 5, byteCount: 1_500)])
    let read = try client.read(room: 4_096, isBatch: isBatch)
    #expect(client.frames(read).first?.count == 1_000 - FrameRecord.headerByteCount)
    #expect(client.requester.delivered[read]?[16] == 1)
    client.requester.recordByteLimit = 20
    fixture.miniport.deliver([Frames.make(number: 6, byteCount: 1_500)])
    let refused = try client.read(room: 4_096, isBatch: isBatch)
    #expect(client.requester.completion(of: refused)?.status == .noMemory)
  }

  @Test(
    "a message about the link judges nothing anew; another address of the interface does",
    arguments: [false, true])
  func judgedOnce(isOtherAddress: Bool) throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.deliver((0..<20).map { Frames.make(number: $0) })
    fixture.change {
      $0.link = .disconnected
      $0.mtu = 1_400
      $0.details.operationalState = 2
      if isOtherAddress { $0.address = Frames.group }
    }
    // What was judged was counted; nothing was until somebody looked.
    #expect(client.open.cursor?.tally.matched == (isOtherAddress ? 20 : 0))
  }
}
