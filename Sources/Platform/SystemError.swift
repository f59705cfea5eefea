internal import CLinux
internal import Glibc

/// A system call that failed: its number and its name.
///
/// - Source: errno(3)
public struct SystemError: Error, Hashable, Sendable {
  /// The value of errno directly after the call.
  public let errno: Int32
  /// The name of the call, as in its manual page.
  public let call: String

  /// Creates an error from its parts.
  public init(errno: Int32, call: String) {
    self.errno = errno
    self.call = call
  }

  /// Takes the current errno: nothing may run between the failed call and this.
  public init(failed call: StaticString) {
    // By a function: without the Glibc overlay, in Embedded mode, errno is not a variable.
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

  /// The call and the kernel's words: `eventfd: Too many open files`.
  public var text: String { call + ": " + words }
}
