import NDIS
import TestSupport
import Testing

@testable import Ndisprot

/// Of which opens frames may gather, so that they share a wake-up.
@Suite("Pace of opens")
struct OpenPaceTests {
  /// Frames that were handed over until a moment, in microseconds, and what they make of the open.
  typealias Look = (microseconds: UInt64, frames: UInt64, verdict: OpenPace.Verdict)

  @Test(
    "25 frames of a millisecond are bulk, fewer are sparse, and none for 100 ms is quiet",
    arguments: [
      // A cycle of a millisecond, and of ten.
      [(1_000, 1, .sparse), (2_000, 2, .sparse), (3_000, 3, .sparse)],
      [(10_000, 1, .sparse), (20_000, 2, .sparse)],
      // An echo as fast as it can be.
      [(50, 1, .sparse), (500, 10, .sparse), (1_000, 20, .sparse), (2_000, 40, .sparse)],
      // 200,000 a second, from the first millisecond on.
      [
        (20, 4, .sparse), (120, 24, .sparse), (125, 25, .bulk), (1_000, 200, .bulk),
        (1_020, 204, .bulk),
      ],
      // Bulk that becomes sparse does so when a window is over.
      [(100, 25, .bulk), (1_000, 26, .bulk), (1_999, 27, .bulk), (2_000, 28, .sparse)],
      // Looked at seldom, it is judged by its rate.
      [(50_000, 1_249, .sparse), (99_000, 2_473, .sparse), (149_000, 3_723, .bulk)],
      [(1_000, 1, .sparse), (100_999, 1, .sparse), (101_000, 1, .quiet)],
      [(100, 25, .bulk), (100_099, 25, .sparse), (100_100, 25, .quiet)],
    ] as [[Look]])
  func verdicts(looks: [Look]) {
    var pace = OpenPace(framesBefore: 7, atNanoseconds: 5_000_000)
    for look in looks {
      let now = 5_000_000 + look.microseconds * 1_000
      #expect(
        pace.look(frames: 7 + look.frames, atNanoseconds: now) == look.verdict,
        "at \(look.microseconds) µs")
    }
  }

  private static let (bulkType, sparseType): (UInt16, UInt16) = (0x88B5, 0x88B6)

  private func client(
    _ fixture: DataPathFixture, _ type: UInt16
  ) throws -> DataPathFixture.Client {
    try DataPathFixture.Client(fixture, OpenOptions(etherTypes: EtherTypeSet([type])))
  }

  private func deliver(_ fixture: DataPathFixture, _ count: Int, _ type: UInt16) {
    fixture.miniport.deliver(
      (0..<count).map { Frames.make(type: type, number: UInt32($0)) })
  }

  @Test("an open with frames in bulk lets the thread nap; beside it one with few does not")
  func beside() throws {
    let fixture = try DataPathFixture()
    let path = fixture.dataPath
    let bulk = try client(fixture, Self.bulkType)
    let sparse = try client(fixture, Self.sparseType)
    #expect(path.mayNap(nowNanoseconds: 0))

    var now: UInt64 = 1_000_000_000
    /// Half a millisecond in which each gets frames, and has read them.
    func pass(bulk bulkCount: Int, sparse sparseCount: Int) throws -> Bool {
      for (client, count, type) in [
        (bulk, bulkCount, Self.bulkType), (sparse, sparseCount, Self.sparseType),
      ] where count > 0 {
        deliver(fixture, count, type)
        _ = try client.read(room: 100_000, isBatch: true)
      }
      now += 500_000
      return path.mayNap(nowNanoseconds: now)
    }
    // The first frames of any may be all there are.
    #expect(try !pass(bulk: 100, sparse: 0))
    for _ in 0..<4 { #expect(try pass(bulk: 100, sparse: 0)) }
    for _ in 0..<4 { #expect(try !pass(bulk: 100, sparse: 1)) }
    // 100 ms later nobody waits for another one.
    var passes = 0
    while try !pass(bulk: 100, sparse: 0), passes < 1_000 { passes += 1 }
    #expect((190...210).contains(passes))
    #expect(try !pass(bulk: 100, sparse: 1))
  }

  @Test("beside sparse frames, which are handed over at once, those in bulk wait for each other")
  func gathering() throws {
    let fixture = try DataPathFixture()
    let bulk = try client(fixture, Self.bulkType)
    let sparse = try client(fixture, Self.sparseType)
    var now: UInt64 = 1_000_000_000
    var bulkRead = try bulk.read(room: 100_000, isBatch: true)
    for _ in 0..<4 {
      deliver(fixture, 100, Self.bulkType)
      bulkRead = try bulk.read(room: 100_000, isBatch: true)
      now += 1_000_000
      _ = fixture.dataPath.mayNap(nowNanoseconds: now)
    }
    let sparseRead = try sparse.read(room: 100_000, isBatch: true)
    fixture.miniport.receive(Frames.make(type: Self.bulkType))
    fixture.miniport.receive(Frames.make(type: Self.sparseType))
    fixture.dataPath.receiveSparse()
    #expect(sparse.requester.completion(of: sparseRead)?.status == .success)
    #expect(bulk.requester.completion(of: bulkRead) == nil)
    // A read that comes meanwhile waits as well.
    let nextRead = try bulk.read(room: 100_000, isBatch: true)
    #expect(bulk.requester.completion(of: nextRead) == nil)
    fixture.miniport.receive(Frames.make(type: Self.bulkType))
    fixture.dataPath.receiveSparse()
    #expect(bulk.requester.completion(of: bulkRead) == nil)
    fixture.dataPath.receiveComplete()
    let delivered = try #require(bulk.requester.delivered[bulkRead])
    #expect(frames(in: delivered).count == 2)
    // From here on it is as before.
    deliver(fixture, 1, Self.bulkType)
    #expect(bulk.requester.completion(of: nextRead)?.status == .success)
  }

  @Test("frames in bulk that fill a message wait for nothing")
  func full() throws {
    let fixture = try DataPathFixture()
    let bulk = try client(fixture, Self.bulkType)
    var now: UInt64 = 1_000_000_000
    for _ in 0..<4 {
      deliver(fixture, 100, Self.bulkType)
      _ = try bulk.read(room: 100_000, isBatch: true)
      now += 1_000_000
      _ = fixture.dataPath.mayNap(nowNanoseconds: now)
    }
    let read = try bulk.read(room: 100_000, isBatch: true)
    for _ in 0..<400 { fixture.miniport.receive(Frames.make(type: Self.bulkType)) }
    fixture.dataPath.receiveSparse()
    #expect(bulk.requester.completion(of: read)?.status == .success)
  }

  @Test("an open that is gone keeps nobody awake")
  func gone() throws {
    let fixture = try DataPathFixture()
    let sparse = try client(fixture, Self.sparseType)
    deliver(fixture, 1, Self.sparseType)
    _ = try sparse.read(room: 100_000, isBatch: true)
    #expect(!fixture.dataPath.mayNap(nowNanoseconds: 1_000_000_000))
    sparse.open.close()
    #expect(fixture.dataPath.mayNap(nowNanoseconds: 1_000_000_000))
  }

  @Test("frames that nobody has read yet keep nobody awake")
  func unread() throws {
    let fixture = try DataPathFixture()
    let client = try client(fixture, Self.sparseType)
    deliver(fixture, 1, Self.sparseType)
    #expect(fixture.dataPath.mayNap(nowNanoseconds: 1_000_000_000))
    withExtendedLifetime(client) {}
  }
}
