/// How much the framework watches its users.
public enum VerifierMode: Sendable {
  /// Only what is always checked.
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
    /// An explicit delete of what its parent had already finished.
    case lateDelete = "VE-LATE-DELETE"
    /// A driver-owned request went out of scope.
    case dropped = "VE-DROPPED"
    /// More bytes reported than asked for.
    case information = "VE-INFORMATION"
    /// Pins were left, or given back without having been taken.
    case tag = "VE-TAG"
    /// Something takes longer than it should.
    case stuck = "VE-STUCK"
    /// A callback returned with a lock held or in another critical region.
    case lockLeak = "VE-LOCK-LEAK"
    /// A protocol callback after deregistration.
    case lateProtocol = "VE-LATE-PROTOCOL"
    /// Objects alive after unloading.
    case leak = "VE-LEAK"
  }

  /// What happened.
  public let code: Code
  /// To which object.
  public let object: ObjectID?
  /// Of which kind.
  public let kind: Kind?
  /// What it is called.
  public let name: String
  /// The thread that noticed, as the kernel numbers it.
  public let threadID: Int32
  /// The facts.
  public let detail: String
  /// Counts the reports of a framework, those that were held back included.
  public let sequence: UInt64

  /// One line: the code, the object, the facts.
  public var description: String {
    let subject = [kind.map { "\($0)" } ?? "", name, object.map { "(\($0))" } ?? ""]
    return "\(code.rawValue): \(subject.filter { !$0.isEmpty }.joined(separator: " ")): \(detail)"
  }
}

/// Where reports go.
///
/// It is called for one report at a time, with no lock held, and must not call back into the
/// framework.
public typealias ReportSink = @Sendable (Report) -> Void
