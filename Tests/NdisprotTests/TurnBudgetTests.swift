import NDIS
import TestSupport
import Testing

@testable import Ndisprot

/// How many frames a turn of the loop sends, whoever writes them.
@Suite("Frames of one turn")
struct TurnBudgetTests {
  private static func frames(_ count: Int, from writer: Int = 0) -> [[UInt8]] {
    (0..<count).map {
      Frames.make(to: Frames.peer, from: Frames.own, number: UInt32(writer << 16 | $0))
    }
  }

  private static func writer(of frame: [UInt8]) -> Int { Int(frame[16]) }

  private func clients(
    _ fixture: DataPathFixture, _ count: Int
  ) throws -> [DataPathFixture.Client] {
    try (0..<count).map { _ in
      try DataPathFixture.Client(fixture, OpenOptions(flags: .noLoopback))
    }
  }

  @Test("200 writers together send no more frames in a turn than one: others wait no longer")
  func manyWriters() throws {
    let fixture = try DataPathFixture()
    let clients = try clients(fixture, 200)
    let (each, most) = (64, TransmitQueue.framesPerTurn)
    for (index, client) in clients.enumerated() {
      _ = try client.write(Self.frames(each, from: index))
    }
    #expect(fixture.miniport.sent.count == most)
    var (hasMore, turns) = (true, 0)
    while hasMore, turns < 1_000 {
      let before = fixture.miniport.sent.count
      hasMore = fixture.dataPath.sendPended()
      turns += 1
      #expect(fixture.miniport.sent.count - before <= most)
    }
    #expect(fixture.miniport.sent.count == 200 * each)
    for client in clients {
      #expect(client.requester.completions.count == 1)
    }
  }

  @Test("round robin: writers that wait are served alike, whatever each has")
  func roundRobin() throws {
    let fixture = try DataPathFixture()
    let clients = try clients(fixture, 6)
    fixture.miniport.script = [SendProgress(sentCount: 0, failure: .wouldBlock)]
    for (index, client) in clients.enumerated() {
      _ = try client.write(Self.frames(index == 0 ? 1_000 : 200, from: index))
    }
    fixture.dataPath.sendPossible()
    for _ in 0..<2 { _ = fixture.dataPath.sendPended() }
    let shares = Dictionary(grouping: fixture.miniport.sent, by: Self.writer).mapValues(\.count)
    #expect(shares.count == 6)
    #expect(shares.values.max().map { $0 <= 3 * TransmitQueue.framesPerOpen } == true)
    #expect(shares.values.min().map { $0 >= 2 * TransmitQueue.framesPerOpen } == true)
    while fixture.dataPath.sendPended() {}
    // Each writer's frames in its order (W-25).
    for index in 0..<6 {
      let own = fixture.miniport.sent.filter { Self.writer(of: $0) == index }
      #expect(own == Self.frames(index == 0 ? 1_000 : 200, from: index))
    }
  }

  @Test("a short message need not wait behind long ones, and takes at most half of a turn")
  func shortMessages() throws {
    let fixture = try DataPathFixture()
    let clients = try clients(fixture, 600)
    _ = try clients[0].write(Self.frames(1_400))
    _ = fixture.dataPath.sendPended()
    let before = fixture.miniport.sent.count
    let ids = try clients.dropFirst().map { try $0.write(Self.frames(1, from: 1)) }
    #expect(fixture.miniport.sent.count - before == TransmitQueue.framesPerTurn / 2)
    #expect(clients[1].requester.completion(of: ids[0])?.status == .success)
    while fixture.dataPath.sendPended() {}
    #expect(fixture.miniport.sent.count == 1_400 + 599)
  }
}
