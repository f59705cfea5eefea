import MDL
import NDIS
import TestSupport
import Testing

@testable import Ndisprot

/// When frames wait in the kernel's ring for readers (ndisprotd.docc/Architecture.md section 2):
/// the receive ring of the
/// fixture holds 64 KiB, and a full frame takes 1,544 bytes of it.
@Suite("Holding frames in the kernel's ring")
struct HoldTests {
  private static let frame = Frames.make(number: 1, byteCount: 1_514)
  /// More than half of the ring, and less than all of it.
  private static let manyFrames = [[UInt8]](repeating: frame, count: 30)

  /// Looks as a daemon that runs does, until nothing is held; how long that took.
  private func holdingTime(_ path: BindingDataPath, from start: UInt64) -> UInt64 {
    var now = start
    while path.shouldHold(nowNanoseconds: now), now - start < 1_000_000_000 { now += 100_000 }
    return now - start
  }

  @Test("Nothing is held while nobody is behind")
  func nobodyBehind() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    #expect(!fixture.dataPath.shouldHold(nowNanoseconds: 1))
    _ = try client.read(room: 128 << 10, isBatch: true)
    fixture.miniport.deliver(Self.manyFrames)
    #expect(!fixture.dataPath.shouldHold(nowNanoseconds: 1))
  }

  @Test("Nothing is held for an open that reads nothing")
  func readsNothing() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.deliver(Self.manyFrames)
    #expect(!fixture.dataPath.shouldHold(nowNanoseconds: 1))
    withExtendedLifetime(client) {}
  }

  @Test("Frames are held for a reader whose socket is full, until its patience is over")
  func fullSocket() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    client.requester.isFull = true
    _ = try client.read(room: 128 << 10, isBatch: true)
    fixture.miniport.deliver(Self.manyFrames)
    #expect(holdingTime(fixture.dataPath, from: 1) == ReaderPatience.nanoseconds)
  }

  @Test("While the daemon does not run no reader's patience ends: it had no chance to read")
  func daemonStands() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    _ = try client.read(room: 4_096, isBatch: true)
    fixture.miniport.deliver(Self.manyFrames)
    var now: UInt64 = 1
    for _ in 0..<10 {
      #expect(fixture.dataPath.shouldHold(nowNanoseconds: now))
      now += 25_000_000
    }
    #expect(holdingTime(fixture.dataPath, from: now) < ReaderPatience.nanoseconds)
  }

  @Test("Frames are held for a reader whose reads are all answered, and not once it stopped")
  func allAnswered() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    _ = try client.read(room: 4_096, isBatch: true)
    fixture.miniport.deliver(Self.manyFrames)
    #expect(holdingTime(fixture.dataPath, from: 1) == ReaderPatience.nanoseconds)
    #expect(!fixture.dataPath.shouldHold(nowNanoseconds: 40_000_000))

    // Progress gives it a new patience.
    _ = try client.read(room: 4_096, isBatch: true)
    #expect(holdingTime(fixture.dataPath, from: 50_000_000) == ReaderPatience.nanoseconds)
  }

  @Test("Nobody waits for one slow reader among several")
  func oneOfSeveral() throws {
    let fixture = try DataPathFixture()
    let slow = try DataPathFixture.Client(fixture, OpenOptions(mode: .shared))
    let fast = try DataPathFixture.Client(fixture, OpenOptions(mode: .shared))
    slow.requester.isFull = true
    _ = try slow.read(room: 128 << 10, isBatch: true)
    _ = try fast.read(room: 128 << 10, isBatch: true)
    fixture.miniport.deliver(Self.manyFrames)
    #expect(!fixture.dataPath.shouldHold(nowNanoseconds: 1))
  }

  @Test("In the middle of a dispatch a message leaves when it is full, and the rest at the end")
  func fullMessages() throws {
    let fixture = try DataPathFixture(receiveRingByteCount: 512 << 10)
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let first = try client.read(room: 128 << 10, isBatch: true)
    let second = try client.read(room: 128 << 10, isBatch: true)
    fixture.miniport.deliver([[UInt8]](repeating: Self.frame, count: 100))
    #expect(client.frames(first).count == (128 << 10) / 1_544)
    #expect(client.frames(second).count == 100 - (128 << 10) / 1_544)
  }

  @Test("Between two chunks a message that is not full waits, for an old read and for a new one")
  func betweenChunks() throws {
    let fixture = try DataPathFixture(receiveRingByteCount: 512 << 10)
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let first = try client.read(room: 128 << 10, isBatch: true)
    fixture.miniport.deliver([[UInt8]](repeating: Self.frame, count: 10), isMoreThere: true)
    let second = try client.read(room: 128 << 10, isBatch: true)
    #expect(client.requester.delivered.isEmpty)
    fixture.miniport.deliver([[UInt8]](repeating: Self.frame, count: 80), isMoreThere: true)
    #expect(client.frames(first).count == 84)
    #expect(client.requester.delivered.count == 1)
    fixture.miniport.deliver([])
    #expect(client.frames(second).count == 6)
    // At rest a read is answered as soon as something is there.
    let third = try client.read(room: 128 << 10, isBatch: true)
    fixture.miniport.deliver([Self.frame])
    #expect(client.frames(third).count == 1)
  }

  @Test("Between two chunks an open is served before its window is half full")
  func smallWindow() throws {
    let fixture = try DataPathFixture(receiveRingByteCount: 512 << 10)
    let client = try DataPathFixture.Client(fixture, OpenOptions(queueByteCount: 32 << 10))
    let read = try client.read(room: 128 << 10, isBatch: true)
    fixture.miniport.deliver([[UInt8]](repeating: Self.frame, count: 5), isMoreThere: true)
    #expect(client.requester.delivered.isEmpty)
    fixture.miniport.deliver([Self.frame], isMoreThere: true)
    #expect(client.frames(read).count == 6)
  }
}
