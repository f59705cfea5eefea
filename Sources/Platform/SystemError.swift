internal import Glibc

/// A system call that failed: its number and its name.
///
/// - Source: errno(3)
public struct SystemError: Error, Hashable, Sendable {
  /// What errno held right behind the call.
  public let errno: Int32
  /// The name of the call, as its manual page has it.
  public let call: String

  /// Makes an error of known parts.
  public init(errno: Int32, call: String) {
    self.errno = errno
    self.call = call
  }

  /// The kernel's words for the number.
  ///
  /// - Source: strerror(3), which answers threads apart since glibc 2.32
  public var words: String { unsafe String(cString: strerror(errno)) }

  /// The call, and why it failed: `eventfd: Too many open files`.
  public var text: String { "\(call): \(words)" }

  /// Takes errno as it is now: nothing may stand between the failed call and this.
  init(failed call: StaticString) {
    errno = Glibc.errno
    self.call = call.description
  }
}
