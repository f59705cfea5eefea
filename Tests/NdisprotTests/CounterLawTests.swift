import NDIS
import TestSupport
import Testing

@testable import Ndisprot

/// The conservation laws where an interface goes, and where nobody asks for long.
@Suite("Laws D1 and D2")
struct CounterLawTests {
  private static let judged: [Counter] = [
    .rxOverrun, .rxMatched, .rxUnmatchedEthertype, .rxUnmatchedFilter, .rxUnmatchedDirection,
    .rxNotPermitted, .rxDropState,
  ]
  private static let ended: [Counter] = [
    .rxDelivered, .rxDropFlushed, .rxDropClosed, .rxDropRevoked, .rxQueued,
  ]

  private func sum(_ values: [Counter: UInt64], _ counters: [Counter]) -> UInt64 {
    counters.reduce(0) { $0 + (values[$1] ?? 0) }
  }

  private func expectLaws(_ client: DataPathFixture.Client, offered: UInt64) {
    let values = Dictionary(uniqueKeysWithValues: client.open.counters().values)
    #expect(values[.rxOffered] == offered)
    #expect(sum(values, Self.judged) == offered)
    #expect(sum(values, [.rxMatched, .rxLooped]) == sum(values, Self.ended))
  }

  @Test(
    "D2, D3: of an open whose binding vanished, or which was closed, the counters stay as they were in the end: what it was offered was 0 then",
    arguments: [false, true])
  func vanished(isClosed: Bool) throws {
    let fixture = try DataPathFixture()
    let early = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.deliver((0..<10).map { Frames.make(number: $0) })
    let late = try DataPathFixture.Client(
      fixture, OpenOptions(flags: .compat, etherTypes: EtherTypeSet([0x88B5])))
    _ = try early.read(room: 4_096, isBatch: true, count: 3)
    fixture.miniport.deliver(
      (0..<30).map { Frames.make(type: $0 % 2 == 0 ? 0x888E : 0x88B5, number: $0) })
    if isClosed {
      for client in [early, late] { client.open.close() }
    } else {
      _ = fixture.binding.handle(.unbind)
      fixture.dataPath.unbind()
      #expect(early.open.isDead)
    }
    for _ in 0..<2 {
      expectLaws(early, offered: 40)
      expectLaws(late, offered: 30)
    }
  }

  @Test("D1: while an open is there the kernel's 32-bit counters are read every ten minutes")
  func tenMinutes() throws {
    let fixture = try DataPathFixture()
    #expect(fixture.executor.delays.isEmpty)
    let first = try DataPathFixture.Client(fixture, OpenOptions())
    let second = try DataPathFixture.Client(fixture, OpenOptions())
    for _ in 0..<3 {
      #expect(fixture.executor.delays == [600_000_000_000])
      let readings = fixture.miniport.readings
      fixture.executor.runScheduled()
      #expect(fixture.miniport.readings == readings + 1)
    }
    withExtendedLifetime((first, second)) {}
    fixture.dataPath.close()
    let isAnythingLeft = fixture.executor.scheduled.contains { !$0.isCancelled }
    #expect(!isAnythingLeft)
  }
}
