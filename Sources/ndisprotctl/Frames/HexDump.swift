internal import NdisprotClient

/// A hex dump: offset, hexadecimal digits in two groups of eight, characters.
enum HexDump {
  /// Appends a line for every sixteen bytes.
  static func write(_ bytes: RawSpan, to output: StandardOutput) {
    for start in stride(from: 0, to: bytes.byteCount, by: 16) {
      output.writeLine { line in
        line += "  ".utf8
        line.append(hex: UInt8(truncatingIfNeeded: start >> 8))
        line.append(hex: UInt8(truncatingIfNeeded: start))
        line += " ".utf8
        appendDigits(bytes, start, to: &line)
        line += "  ".utf8
        for offset in start..<min(start + 16, bytes.byteCount) {
          let byte = unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
          line.append((0x20..<0x7F).contains(byte) ? byte : UInt8(ascii: "."))
        }
      }
    }
  }

  private static func appendDigits(_ bytes: RawSpan, _ start: Int, to line: inout [UInt8]) {
    for offset in start..<start + 16 {
      line += (offset == start + 8 ? "  " : " ").utf8
      if offset < bytes.byteCount {
        line.append(hex: unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
      } else {
        line += "  ".utf8
      }
    }
  }
}
