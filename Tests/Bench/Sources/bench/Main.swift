internal import FoundationEssentials
internal import Glibc

/// The end-to-end bench; `scripts/bench` builds what it needs and runs it in a namespace.
@main
enum Main {
  static func main() {
    exit(run(CommandLine.arguments.dropFirst()))
  }

  private static func run(_ arguments: some Sequence<String>) -> Int32 {
    do {
      let options = try Options(arguments)
      let measurements = try Plan.measurements(for: options.rows)
      let earlier = try options.comparePath.map(load)
      let results = measure(measurements, options)
      print(Table.markdown(results))
      if let earlier {
        print("\nAgainst \(earlier.label), two-sided rank test over rounds:\n")
        print(Table.comparison(Comparison.all(before: earlier, after: results)))
      }
      if let path = options.jsonPath { try save(results, to: path) }
      return exitCode(results)
    } catch let error as Options.UsageError {
      say(error == .help ? Options.usage : "\(error)\n\(Options.usage)")
      return error == .help ? 0 : 64
    } catch {
      say("bench: \(error)")
      return 2
    }
  }

  private static func measure(_ measurements: [any Measurement], _ options: Options) -> Results {
    let runner = Runner(
      bench: Result { () throws(BenchError) in try makeBench(options) }, rounds: options.rounds)
    var rows: [Row] = []
    for measurement in measurements {
      say("measuring \(measurement.rows.map(\.name).joined(separator: ", "))")
      rows += runner.run(measurement)
    }
    return Results(
      label: options.label, machine: .current, rounds: options.rounds, isQuick: options.isQuick,
      rows: rows)
  }

  private static func makeBench(_ options: Options) throws(BenchError) -> Bench {
    guard Machine.current.coreCount >= 2 else {
      throw .missing("one core: source and receiver would share it")
    }
    let lab = try Lab(peer: options.peer)
    let product = Result { () throws(BenchError) in
      try Product(
        lab: lab, daemonPath: options.daemon, clientPath: options.client,
        benchClientPath: options.benchClient, pythonModulePath: options.pythonModule,
        pythonProgramPath: options.pythonProgram, libraryProgramPath: options.libraryProgram)
    }
    return Bench(
      lab: lab, product: product, counterLibrary: options.counterLibrary,
      isQuick: options.isQuick)
  }

  private static func exitCode(_ results: Results) -> Int32 {
    let verdicts = results.rows.map { $0.verdict(isQuick: results.isQuick) }
    let isMissed = verdicts.contains { if case .missed = $0 { true } else { false } }
    let isOpen = verdicts.contains {
      switch $0 {
      case .notMeasured, .disturbed: true
      default: false
      }
    }
    return isMissed ? 1 : isOpen ? 2 : 0
  }

  private static func load(_ path: String) throws -> Results {
    guard let text = TextFile.read(path) else { throw BenchError.missing("cannot read \(path)") }
    return try JSONDecoder().decode(Results.self, from: Data(text.utf8))
  }

  private static func save(_ results: Results, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try TextFile.write(String(decoding: encoder.encode(results), as: UTF8.self) + "\n", to: path)
  }

  /// To standard error, line by line: standard output is the table alone.
  private static func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
  }
}
