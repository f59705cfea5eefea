import NDIS
import TestSupport
import Testing

@testable import Ndisprot

@Suite("Memory of writes that wait")
struct PendingWriteBudgetTests {
  private func blocked() throws -> DataPathFixture {
    let fixture = try DataPathFixture()
    fixture.miniport.script = [SendProgress(sentCount: 0, failure: .wouldBlock)]
    return fixture
  }

  @Test("threat T6: a write that waits takes the room of its message, not that of the longest")
  func room() throws {
    let fixture = try blocked()
    let client = try DataPathFixture.Client(fixture, OpenOptions(flags: .noLoopback))
    let frames = (0..<200).map { Frames.make(to: Frames.peer, from: Frames.own, number: $0) }
    for frame in frames { _ = try client.write([frame]) }
    #expect(client.open.writes.count == 200)
    #expect(client.open.writes.map(\.message.capacity).max() ?? .max < 200)
    #expect(
      client.open.pendedWriteBytes == client.open.writes.map(\.heldByteCount).reduce(0, +))
    fixture.dataPath.sendPossible()
    while fixture.dataPath.sendPended() {}
    // They are the frames that came, in order.
    #expect(fixture.miniport.sent == frames)
    #expect(client.open.pendedWriteBytes == 0)
  }

  @Test("threat T6: all opens share what may wait; each may have one message whatever others have")
  func shared() throws {
    let fixture = try blocked()
    let long = [[UInt8]](
      repeating: Frames.make(to: Frames.peer, from: Frames.own, number: 1)
        + [UInt8](repeating: 0, count: 1_400), count: 80)
    let clients = try (0..<60).map { _ in
      try DataPathFixture.Client(fixture, OpenOptions(flags: .noLoopback))
    }
    for _ in 0..<10 { for client in clients { _ = try client.write(long) } }
    let waiting = clients.map(\.open.pendedWriteBytes)
    let most = PendingWriteBudget.shared + clients.count * PendingWriteBudget.own
    #expect(
      waiting.reduce(0, +) <= most
        && waiting.reduce(0, +) > PendingWriteBudget.shared - PendingWriteBudget.own)
    #expect(waiting.allSatisfy { $0 > 100 << 10 })
    let refused = clients.flatMap(\.requester.completions).filter {
      $0.status == .tooManyRequests
    }
    #expect(!refused.isEmpty)
    // What leaves makes room.
    for client in clients.dropFirst() { client.open.close() }
    let before = clients[0].open.writes.count
    _ = try clients[0].write(long)
    #expect(clients[0].open.writes.count == before + 1)
  }

  @Test(
    "threat T6: a batch that waits has statuses of its own records, not of the most that a message can have, and they count"
  )
  func statuses() throws {
    let fixture = try blocked()
    let client = try DataPathFixture.Client(fixture, OpenOptions(flags: .noLoopback))
    let frame = Frames.make(to: Frames.peer, from: Frames.own, number: 1)
    for _ in 0..<100 { _ = try client.write([frame], isBatch: true) }
    let plain = try DataPathFixture.Client(fixture, OpenOptions(flags: .noLoopback))
    for _ in 0..<100 { _ = try plain.write([frame], isBatch: false) }
    #expect(
      client.open.writes.compactMap(\.keptStatuses?.byteCount) == [Int](repeating: 12, count: 100))
    #expect(client.open.pendedWriteBytes == plain.open.pendedWriteBytes + 100 * 12)
    #expect(client.open.pendedWriteBytes < 100 * 2_048)
    #expect(
      fixture.writeBudget.heldByteCount
        == client.open.pendedWriteBytes + plain.open.pendedWriteBytes)
  }

  @Test(
    "D-48: a full queue refuses, says so, and holds what is counted; nothing of it is left behind")
  func full() throws {
    let fixture = try blocked()
    let client = try DataPathFixture.Client(fixture, OpenOptions(flags: .noLoopback))
    let shortest = [[UInt8]](
      repeating: Array(Frames.make(to: Frames.peer, from: Frames.own, byteCount: 14)), count: 3_000)
    var ids: [UInt64] = []
    for _ in 0..<40 { ids.append(try client.write(shortest)) }
    let refused = ids.filter { client.requester.completion(of: $0)?.status == .tooManyRequests }
    #expect(!refused.isEmpty && refused.count < 40)
    let held = client.open.writes.map(\.heldByteCount).reduce(0, +)
    #expect(held == client.open.pendedWriteBytes)
    #expect(held <= TransmitQueue.maximumPendedBytes + 128 << 10)
    for id in ids.dropLast(refused.count) { #expect(client.open.cancel(id)) }
    #expect(client.open.pendedWriteBytes == 0 && fixture.writeBudget.heldByteCount == 0)
  }
}
