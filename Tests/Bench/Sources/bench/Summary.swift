internal import FoundationEssentials

/// The last line of a peer or of `ndisprotctl --json`, with the keys that the bench reads.
struct Summary: Decodable, Equatable {
  let event: String
  var frames: Double?
  var bytes: Double?
  var elapsedSeconds: Double?
  /// When the last frame was there, by CLOCK_MONOTONIC.
  var lastNanoseconds: Double?
  /// Of `ndisprotctl read`: counters that say where frames of this open were lost.
  var drops: [String: Double]?
  /// Of `ndisprotctl write`.
  var sent: Double?
  var failed: [String: Double]?
  /// Of the peers: CPU time between the first and the last frame.
  var cpuSeconds: Double?
  /// Of the peers: numbers missing in the sequence.
  var missing: Double?
  var p50Microseconds: Double?
  var p99Microseconds: Double?
  /// Of times within 5, 10, 20, 50, 100, 200 and 500 µs of their median.
  var jitterPercents: [Double]?
  var worstMicroseconds: Double?
  /// Of `benchclient reload`: opens that one reload changed or closed.
  var changed: Double?
  /// Of `receive.py import`.
  var milliseconds: Double?
  /// Of `benchclient statistics`: objects that one answer has.
  var objects: Double?
}

extension ChildProcess {
  /// Reads lines until one is a certain event.
  ///
  /// - Throws: `BenchError.failed` if the program ended without it.
  @discardableResult
  func event(_ name: String, within seconds: Double) throws(BenchError) -> Summary {
    let deadline = MonotonicTime.now + seconds
    while let line = try nextLine(within: deadline - MonotonicTime.now, waitingFor: name) {
      guard let summary = try? JSONDecoder().decode(Summary.self, from: Data(line.utf8)) else {
        throw .notUnderstood(program: self.name, line: line)
      }
      if summary.event == name { return summary }
      if summary.event == "error" { throw .notUnderstood(program: self.name, line: line) }
    }
    let exitCode = try end(within: 5).exitCode
    throw .failed(program: self.name, exitCode: exitCode, lastWords: lastWords)
  }
}
