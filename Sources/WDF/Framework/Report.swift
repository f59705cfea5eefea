/// How much the framework checks its users.
public enum VerifierMode: Sendable {
  /// Only the checks that are always on.
  case off
  /// Faults are reported.
  case on
}

/// A fault of the driver, or of the framework.
public struct Report: Sendable, CustomStringConvertible {
  /// The kinds of fault.
  public enum Code: String, Sendable, CaseIterable {
    /// The framework contradicted itself.
    case state = "VE-STATE"
    /// Deleted twice.
    case doubleDelete = "VE-DOUBLE-DELETE"
    /// An explicit delete of an object that its parent had already finished.
    case lateDelete = "VE-LATE-DELETE"
    /// A driver-owned request went out of scope.
    case dropped = "VE-DROPPED"
    /// More bytes reported than asked for.
    case information = "VE-INFORMATION"
    /// Pins were left, or released without having been taken.
    case tag = "VE-TAG"
    /// Something takes too long.
    case stuck = "VE-STUCK"
    /// A callback returned with a lock held or in another critical region.
    case lockLeak = "VE-LOCK-LEAK"
    /// A protocol callback after deregistration.
    case lateProtocol = "VE-LATE-PROTOCOL"
    /// Objects alive after unloading.
    case leak = "VE-LEAK"
  }

  /// The kind of fault.
  public let code: Code
  /// The object.
  public let object: ObjectID?
  /// The object's kind.
  public let kind: Kind?
  /// The object's name.
  public let name: String
  /// The kernel's id of the thread that noticed it.
  public let threadID: Int32
  /// The details.
  public let detail: String
  /// Counts the reports of a framework, including suppressed ones.
  public let sequence: UInt64

  /// One line: the code, the object, the details.
  public var description: String {
    let subject = [kind.map { "\($0)" } ?? "", name, object.map { "(\($0))" } ?? ""]
    return "\(code.rawValue): \(subject.filter { !$0.isEmpty }.joined(separator: " ")): \(detail)"
  }
}

/// Receives reports.
///
/// It is called for one report at a time, with no lock held, and must not call back into the
/// framework.
public typealias ReportSink = @Sendable (Report) -> Void
