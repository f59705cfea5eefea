/// What the command line asked for.
struct Options {
  /// How often the whole list of cells is measured; the best counts.
  nonisolated(unsafe) static var passCount = 3
  /// How many turns each contender runs; the best counts.
  nonisolated(unsafe) static var turns = 100

  enum Command: String { case bench, allocations }
  var command = Command.bench
  var jsonPath: String?
  /// Whether a broken limit P1 to P4 is a failure.
  var isGate = false

  static let usage = """
    usage: mdlbench [bench | allocations] [--passes N] [--turns N] [--json FILE] [--gate]
      bench        chains against memcpy, memset, memcmp and a C walk; limits P1-P5, P9
      allocations  counts heap allocations, which must be none, and looks at wiped memory
    """

  init?(_ arguments: [String]) {
    var rest = arguments[...]
    if let first = rest.first, let command = Command(rawValue: first) {
      self.command = command
      rest = rest.dropFirst()
    }
    while let option = rest.popFirst() {
      switch option {
      case "--gate": isGate = true
      case "--json":
        guard let path = rest.popFirst() else { return nil }
        jsonPath = path
      case "--passes":
        guard let count = rest.popFirst().flatMap({ Int($0) }), count > 0 else { return nil }
        Self.passCount = count
      case "--turns":
        guard let turns = rest.popFirst().flatMap({ Int($0) }), turns > 0 else { return nil }
        Self.turns = turns
      default: return nil
      }
    }
  }
}
