internal import Glibc
internal import Platform

/// Standard output, gathered so that a million lines do not cost a million calls.
///
/// - Thread: one
final class StandardOutput {
  private static let byteLimit = 64 << 10
  private var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(StandardOutput.byteLimit + 4096) }

  deinit { flush() }

  /// Adds a line.
  func writeLine(_ line: String) {
    bytes += line.utf8
    endLine()
  }

  /// Lends the buffer to whoever writes a line without strings.
  func writeLine(_ fill: (inout [UInt8]) -> Void) {
    fill(&bytes)
    endLine()
  }

  private func endLine() {
    bytes.append(UInt8(ascii: "\n"))
    if bytes.count >= StandardOutput.byteLimit { flush() }
  }

  /// Writes what was gathered.
  func flush() {
    StandardOutput.write(bytes, to: STDOUT_FILENO)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Writes all bytes, or ends the program: output that is lost is a failure, in every command.
  ///
  /// A reader that closed the other end wants no more, which is no error of ours.
  ///
  /// - Thread: any; the bytes of one call stay together
  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    turn.withLock { _ in writeAlone(bytes, to: descriptor) }
  }

  private static let turn = LockedValue(())

  private static func writeAlone(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else {
        let cause = errno
        if descriptor == STDOUT_FILENO, cause != EPIPE { Output.endUnwritten(cause) }
        return
      }
      rest = rest.dropFirst(written)
    }
  }
}

extension [UInt8] {
  private static let digits = Array("0123456789abcdef".utf8)

  /// Appends a byte as two hexadecimal digits.
  mutating func append(hex byte: UInt8) {
    append(Self.digits[Int(byte >> 4)])
    append(Self.digits[Int(byte & 15)])
  }

  /// The bytes as hexadecimal digits.
  var hex: String {
    var text: [UInt8] = []
    text.reserveCapacity(2 * count)
    for byte in self { text.append(hex: byte) }
    return String(decoding: text, as: UTF8.self)
  }
}
