internal import CMeasure
internal import Glibc

/// The whole program, outside `main.swift`, where everything would be on the main actor.
func run() {
  guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
    print(Options.usage)
    exit(64)
  }
  do {
    exit(try perform(options) ? 0 : 1)
  } catch {
    print("mdlbench: \(error)")
    exit(1)
  }
}

private func perform(_ options: Options) throws -> Bool {
  if options.command == .allocations { return try Allocations.check() }
  measure_pin(1)
  let cells = try Cell.measureAll()
  let limits = Limit.all(cells)
  let figures = try Figures.all()
  Report.table(cells)
  Report.figures(figures)
  Report.limits(limits)
  if let path = options.jsonPath { try write(Report.json(cells, limits, figures), to: path) }
  // T59 asks for P1 to P4; P5 and P9 are reported beside them.
  let hold = limits.filter { ["P1", "P2", "P3", "P4"].contains($0.id) }.allSatisfy(\.holds)
  print("\(hold ? "✔" : "✘") Test \"mdl T59: P1 to P4 hold\" \(hold ? "passed" : "failed").")
  return !options.isGate || hold
}

private struct CannotWrite: Error { let path: String }

private func write(_ text: String, to path: String) throws {
  guard let file = fopen(path, "w") else { throw CannotWrite(path: path) }
  defer { fclose(file) }
  guard fputs(text + "\n", file) >= 0 else { throw CannotWrite(path: path) }
}
