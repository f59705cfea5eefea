import Glibc
import NDIS
import Testing

/// Flaps, renames, MTUs, addresses, deletions, pauses, opens, filters and bursts, all at once.
@Suite(
  "Storm of interfaces", .serialized, .timeLimit(.minutes(FaultForm.isLong ? 120 : 15)),
  .tags(.integration),
  .needsNamespaces)
struct InterfaceStormTests {
  @Test("in a storm of everything no read is forgotten, no binding dies, and D1 to D7 hold")
  func storm() throws {
    let seed = Self.seed
    print("storm: seed \(seed); NDISPROT_STORM_SEED=\(seed) repeats it")
    try Lab.run(InterfaceStorm.options) { lab in
      let storm = try InterfaceStorm(lab, seed: seed)
      let end = Deadline(seconds: FaultForm.seconds(short: 12, long: 600))
      var rounds = 0
      repeat {
        rounds += 1
        try storm.blow(seconds: 3)
        try storm.judge()
      } while !end.isOver
      print("storm: \(rounds) rounds, \(try storm.end())")
    }
  }

  private static var seed: Int {
    getenv("NDISPROT_STORM_SEED").flatMap { Int(String(cString: $0)) }
      ?? Int(Deadline.now % 1_000_000)
  }
}
