internal import Glibc

/// Runs measurements in rounds and gathers their rows.
struct Runner {
  let bench: Result<Bench, BenchError>
  let rounds: Int

  /// All rounds of one measurement.
  ///
  /// What fails once is tried no further: its rows keep the rounds they have, and the reason.
  func run(_ measurement: any Measurement) -> [Row] {
    var samples = measurement.rows.map { _ in [Sample]() }
    var disturbances: [String] = []
    var failure: String?
    for round in 0..<rounds where failure == nil {
      do throws(BenchError) {
        let bench = try bench.get()
        if let others = bench.isQuick ? nil : MachineLoad.waitForQuiet() {
          disturbances.append(others)
        }
        let before = MachineLoad.now
        for (index, sample) in try measurement.round(bench).enumerated() {
          samples[index].append(sample)
        }
        if let taken = MachineLoad.disturbance(since: before) { disturbances.append(taken) }
      } catch {
        failure = rounds == 1 ? error.description : "round \(round + 1): \(error)"
      }
    }
    return zip(measurement.rows, samples).map { row, samples in
      Row(
        name: row.name, what: row.what, unit: row.unit, bar: row.bar, samples: samples,
        disturbances: disturbances, failure: failure)
    }
  }
}
