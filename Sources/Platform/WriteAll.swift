internal import Glibc

/// Writes all bytes to a blocking descriptor.
///
/// - Thread: any that may block
/// - Throws: the error of write(2), EPIPE included
public func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let written = unsafe rest.withUnsafeBytes {
      unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
    }
    if written < 0, errno == EINTR { continue }
    guard written > 0 else { throw SystemError(failed: "write") }
    rest = rest.dropFirst(written)
  }
}
