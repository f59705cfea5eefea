/// Why something could not be measured.
///
/// A measurement that throws leaves its row marked with these words; no figure is made up for it.
enum BenchError: Error, Equatable {
  /// A program could not be started.
  case cannotStart(program: String, errno: Int32)
  /// A program did not say, or did not end, in time.
  case timedOut(program: String, waitingFor: String, seconds: Double)
  /// A program ended with an exit code of its own.
  case failed(program: String, exitCode: Int32, lastWords: String)
  /// A program said something that is not the line of JSON that was expected.
  case notUnderstood(program: String, line: String)
  /// The machine lacks what the measurement needs.
  case missing(String)
}

extension BenchError: CustomStringConvertible {
  var description: String {
    switch self {
    case .cannotStart(let program, let errno):
      "cannot start \(program): errno \(errno)"
    case .timedOut(let program, let waitingFor, let seconds):
      "\(program): no \(waitingFor) within \(seconds) s"
    case .failed(let program, let exitCode, let lastWords):
      "\(program): exit \(exitCode)" + (lastWords.isEmpty ? "" : ": \(lastWords)")
    case .notUnderstood(let program, let line):
      "\(program) said: \(line)"
    case .missing(let what):
      what
    }
  }
}
