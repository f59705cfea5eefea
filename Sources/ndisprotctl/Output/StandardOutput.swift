internal import Glibc
internal import Platform

/// Standard output, buffered so that a million lines do not cost a million calls.
///
/// Output that cannot be written ends the program with 1 after one message. A reader that closed
/// the other end wants no more, which is no error: then `isClosed` is set, and commands that run
/// forever end.
///
/// - Thread: one
final class StandardOutput {
  private static let byteLimit = 64 << 10
  private var bytes: [UInt8] = []
  /// Whether the reader at the other end is gone.
  private(set) var isClosed = false

  init() { bytes.reserveCapacity(StandardOutput.byteLimit + 4096) }

  deinit { flush() }

  /// Adds a line.
  func writeLine(_ line: String) {
    bytes += line.utf8
    endLine()
  }

  /// Gives `fill` the buffer, to write a line without strings.
  func writeLine(_ fill: (inout [UInt8]) -> Void) {
    fill(&bytes)
    endLine()
  }

  private func endLine() {
    bytes.append(UInt8(ascii: "\n"))
    if bytes.count >= StandardOutput.byteLimit { flush() }
  }

  /// Writes the buffered output.
  func flush() {
    if !isClosed, !bytes.isEmpty { isClosed = !StandardOutput.write(bytes, to: STDOUT_FILENO) }
    bytes.removeAll(keepingCapacity: true)
  }

  /// Writes all bytes; false if the reader is gone.
  ///
  /// Any other error ends the program.
  ///
  /// - Thread: any; the bytes of one call stay together
  @discardableResult
  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    guard let error = turn.withLock({ _ in writeAlone(bytes, to: descriptor) }) else { return true }
    // Outside the lock: the error message is a write of its own.
    if descriptor == STDOUT_FILENO, error.errno != EPIPE { Output.endUnwritten(error) }
    return false
  }

  private static let turn = LockedValue(())

  private static func writeAlone(_ bytes: [UInt8], to descriptor: Int32) -> SystemError? {
    do throws(SystemError) {
      try writeAll(bytes, to: descriptor)
      return nil
    } catch {
      return error
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
