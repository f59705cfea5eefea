internal import CLinux
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

  /// Takes errno as it is now: nothing may stand between the failed call and this.
  public init(failed call: StaticString) {
    // By a function: without the overlay of Glibc, in Embedded mode, errno is no variable.
    errno = clinux_errno()
    self.call = call.description
  }

  /// The kernel's words for the number.
  ///
  /// - Source: strerror_r(3), the XSI one
  public var words: String {
    var buffer = InlineArray<128, CChar>(repeating: 0)
    return unsafe withUnsafeMutableBytes(of: &buffer) { bytes in
      guard let base = bytes.baseAddress else { return "errno " + String(errno) }
      let text = unsafe base.assumingMemoryBound(to: CChar.self)
      guard unsafe strerror_r(errno, text, bytes.count) == 0 else {
        return "errno " + String(errno)
      }
      return unsafe String(cString: text)
    }
  }

  /// The call, and why it failed: `eventfd: Too many open files`.
  public var text: String { call + ": " + words }
}
