internal import Testing

@testable internal import bench

@Suite("Row")
struct RowTests {
  private func row(
    _ values: [Double], violation: String? = nil, disturbances: [String] = [],
    failure: String? = nil
  ) -> Row {
    Row(
      name: "P1/60", what: "receive", unit: .ratio, bar: .atLeast(0.95),
      samples: values.map { Sample(value: $0, violation: violation) },
      disturbances: disturbances, failure: failure)
  }

  @Test("the median decides, not the best round and not the worst")
  func median() {
    #expect(row([0.90, 0.96, 0.97]).verdict(isQuick: false) == .met)
    #expect(row([0.90, 0.94, 0.99]).verdict(isQuick: false) == .missed(""))
  }

  @Test("one lost frame misses the bar at any rate, in a smoke run too")
  func violation() {
    let row = row([1.2], violation: "1 frames lost")
    #expect(row.verdict(isQuick: false) == .missed("1 frames lost"))
    #expect(row.verdict(isQuick: true) == .missed("1 frames lost"))
  }

  @Test("a disturbed row is not judged, neither met nor missed")
  func disturbed() {
    let row = row([1.2], disturbances: ["others use 40 % of the cores"])
    #expect(row.verdict(isQuick: false) == .disturbed("others use 40 % of the cores"))
  }

  @Test("a round whose peer lost frames judges nothing")
  func peerLost() {
    let sample = Sample(value: 1.2, disturbance: "the peer lost 3 frames")
    let row = Row(
      name: "P1/60", what: "", unit: .ratio, bar: nil, samples: [sample], disturbances: [],
      failure: nil)
    #expect(row.verdict(isQuick: false) == .disturbed("the peer lost 3 frames"))
  }

  @Test("a smoke run judges no figure")
  func smoke() {
    #expect(row([0.1]).verdict(isQuick: true) == .smoke)
  }

  @Test("what failed is not measured, and prints no figure that was not there")
  func failure() {
    let row = row([], failure: "no peer")
    #expect(row.verdict(isQuick: false) == .notMeasured("no peer"))
    let results = Results(
      label: "abc", machine: Machine(kernel: "6.1", processor: "x", coreCount: 2), rounds: 5,
      isQuick: false, rows: [row])
    let line = Table.markdown(results).split(separator: "\n").last ?? ""
    #expect(
      line
        == "| P1/60 | receive | – | – | ≥ 0.95 × | not measured: no peer |  | `scripts/bench --row P1` |"
    )
  }

  @Test(
    "decimals rounds, keeps zeros and has no negative zero",
    arguments: [
      (1.005, 1, "1.0"), (0.049, 2, "0.05"), (12, 0, "12"), (-0.01, 1, "0.0"), (-1.5, 1, "-1.5"),
      (1.02, 2, "1.02"), (999_999.5, 0, "1000000"),
    ])
  func decimals(value: Double, digits: Int, expected: String) {
    #expect(Table.decimals(value, digits) == expected)
  }
}

@Suite("Options and Plan")
struct OptionsTests {
  @Test("quick means one round, wherever it stands")
  func quick() throws {
    #expect(try Options(["--quick", "--rounds", "7"]).rounds == 1)
  }

  @Test(
    "what is not understood is named",
    arguments: [
      (["--rounds", "0"], .wrongValue("--rounds", "0")),
      (["--rounds", "21"], .wrongValue("--rounds", "21")),
      (["--json"], .needsValue("--json")), (["--fast"], .unknown("--fast")),
    ] as [([String], Options.UsageError)])
  func refused(arguments: [String], error: Options.UsageError) {
    #expect(throws: error) { try Options(arguments) }
  }

  @Test("a row is asked for by its number, or by its full name")
  func rows() throws {
    #expect(try Plan.measurements(for: ["P1"]).count == 2)
    #expect(try Plan.measurements(for: ["P3/1514"]).count == 1)
    #expect(try Plan.measurements(for: []).count == Plan.all.count)
    #expect(try Plan.measurements(for: ["P1b"]).count == 1)
    #expect(throws: Options.UsageError.wrongValue("--row", "P")) {
      try Plan.measurements(for: ["P"])
    }
  }

  @Test("no two rows have one name")
  func names() {
    let names = Plan.all.flatMap { $0.rows.map(\.name) }
    #expect(Set(names).count == names.count)
  }
}
