internal import NDIS

/// A place in a file: line and column, from 1 on; a column counts characters.
public struct ConfigurationPlace: Hashable, Sendable, Comparable {
  /// From 1 on.
  public let line: Int
  /// From 1 on.
  public let column: Int

  /// Orders places as they are read.
  public static func < (left: ConfigurationPlace, right: ConfigurationPlace) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// One thing that is wrong with a configuration: where, why, and what to write instead.
///
/// - Shape: `file:line:column: rule "name": cause`, for a file as a whole `file: cause`
public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// Where in the file; nil is the file as a whole.
  public let place: ConfigurationPlace?
  /// Cause and remedy, in front of them what they are about.
  public let cause: String

  init(_ path: String, _ place: ConfigurationPlace?, _ cause: String) {
    self.path = path
    self.place = place
    self.cause = cause
  }

  /// As it is printed and logged.
  public var description: String {
    guard let place else { return "\(path): \(cause)" }
    return "\(path):\(place.line):\(place.column): \(cause)"
  }
}

/// All that is wrong with a configuration; at least one problem.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// In the order of the files, and in each file as it is read.
  public let problems: [ConfigurationProblem]

  init(_ problems: [ConfigurationProblem]) { self.problems = problems }

  init(_ path: String, _ cause: String) { problems = [ConfigurationProblem(path, nil, cause)] }

  /// One line for each problem.
  public var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}

/// Collects what is wrong while files are read.
final class ProblemList {
  private(set) var problems: [ConfigurationProblem] = []

  /// Adds a problem.
  func add(_ problem: ConfigurationProblem) { problems.append(problem) }
}
