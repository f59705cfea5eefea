import NDIS
import NdisprotClient
import Testing

@testable import ndisprotctl

@Suite("the table of top")
struct TopTableTests {
  private func object(
    _ kind: StatisticsObject.Kind, _ name: String, _ counts: [(Counter, UInt64)], id: UInt64 = 1
  ) -> StatisticsObject {
    StatisticsObject(
      kind: kind, interfaceIndex: 3, id: id, name: name,
      readings: counts.map { StatisticsObject.Reading($0.0, $0.1) })
  }

  private func sample(_ factor: UInt64, seconds: UInt64) -> TrafficSample {
    TrafficSample(
      [
        object(.binding, "np0", [(.rxFrames, 1_000 * factor), (.kernelDrops, 3)]),
        object(
          .open, "uid 1000 pid 42",
          [(.rxDelivered, 100 * factor), (.rxOverrun, 5 * factor), (.rxQueued, 7)]),
        object(.session, "uid 1000 pid 42", [(.cpuNanoseconds, 250_000_000 * factor)], id: 2),
        object(
          .open, "uid 0 pid 43", [(.rxDelivered, 500 * factor), (.txSent, 20 * factor)], id: 3),
      ], nanoseconds: seconds * 1_000_000_000)
  }

  private func table(by key: TopKey) -> TopTable {
    TopTable(
      rates: TrafficRates(from: sample(1, seconds: 1), to: sample(2, seconds: 2), by: key),
      key: key,
      userName: { "u\($0)" }, programName: { "p\($0)" })
  }

  @Test("a binding stands above its clients, with rates of the interval and what was lost where")
  func rows() {
    #expect(
      table(by: .received).lines() == [
        "BINDING  USER   PROGRAM  PID  IN/S  OUT/S  LOST/S  QUEUE  CPU%  LOST BY",
        "np0                           1000     20       0      7        kernelDrops 3",
        "         u0     p43       43   500     20       0      0   0.0  ",
        "         u1000  p42       42   100      0     5.0      7  25.0  rxOverrun 10",
      ])
  }

  @Test(
    "clients are sorted by what was asked for",
    arguments: zip(
      TopKey.allCases,
      [[43, 42], [43, 42], [42, 43], [42, 43], [42, 43], [43, 42]] as [[UInt32]]))
  func sorted(key: TopKey, processes: [UInt32]) {
    #expect(table(by: key).rates.rows.compactMap { $0.client?.number("pid") } == processes)
  }

  @Test("a table has no more lines and columns than there is room for")
  func room() {
    let lines = table(by: .received).lines(columns: 20, rows: 3)
    #expect(lines == ["BINDING  USER   PROG", "np0                 ", "... and 2 more"])
    #expect(table(by: .received).lines(columns: 20, rows: 1).count == 1)
  }

  @Test("a counter that began again is no rate of its own")
  func restart() {
    let rates = TrafficRates(from: sample(5, seconds: 1), to: sample(1, seconds: 2), by: .received)
    #expect(rates.rows.allSatisfy { $0.received == 0 && $0.lost == 0 })
  }
}
