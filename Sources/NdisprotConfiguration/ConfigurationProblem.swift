internal import NDIS

/// A position in a file: line and column, both from 1; a column counts characters.
public struct ConfigurationPlace: Hashable, Sendable, Comparable {
  /// Starts at 1.
  public let line: Int
  /// Starts at 1.
  public let column: Int

  /// Orders positions as they are read.
  public static func < (left: ConfigurationPlace, right: ConfigurationPlace) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// One error in a configuration: where, why, and what to write instead.
///
/// - Shape: `file:line:column: rule "name": cause`, for a whole file `file: cause`
public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// The position in the file; nil means the whole file.
  public let place: ConfigurationPlace?
  /// Cause and remedy, preceded by what they are about.
  public let cause: String

  init(_ path: String, _ place: ConfigurationPlace?, _ cause: String) {
    self.path = path
    self.place = place
    self.cause = cause
  }

  /// The text for output and the log.
  public var description: String {
    guard let place else { return "\(path): \(cause)" }
    return "\(path):\(place.line):\(place.column): \(cause)"
  }
}

/// All errors in a configuration; at least one.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// In the order of the files, and within a file in reading order.
  public let problems: [ConfigurationProblem]

  init(_ problems: [ConfigurationProblem]) { self.problems = problems }

  init(_ path: String, _ cause: String) { problems = [ConfigurationProblem(path, nil, cause)] }

  /// One line for each problem.
  public var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}

/// Collects the problems while files are read.
final class ProblemList {
  private(set) var problems: [ConfigurationProblem] = []

  /// Adds a problem.
  func add(_ problem: ConfigurationProblem) { problems.append(problem) }
}
