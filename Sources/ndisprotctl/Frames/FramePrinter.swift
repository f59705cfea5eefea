internal import Glibc
internal import NdisprotClient

/// Prints frames, one line each, or an object each.
struct FramePrinter {
  let isJSON: Bool
  /// Whether a dump of the bytes follows the line.
  let hasDump: Bool
  /// Bytes of a frame that are shown.
  let byteLimit: Int?

  /// Prints a frame.
  func print(_ record: RecordReader.Record, to output: StandardOutput) {
    let shown = min(byteLimit ?? .max, record.frame.byteCount)
    var header = record.header
    if shown < record.frame.byteCount { header.flags.insert(.truncated) }
    let bytes = record.frame.extracting(first: shown)
    if isJSON {
      printJSON(header, bytes, to: output)
    } else {
      output.writeLine(Self.line(header, record.frame))
      if hasDump { dump(bytes, to: output) }
    }
  }

  private func printJSON(_ header: FrameRecord, _ bytes: RawSpan, to output: StandardOutput) {
    output.writeLine { line in
      line += "{\"event\":\"frame\",\"timestampNanoseconds\":\(header.timestamp)".utf8
      line += ",\"timestampNanosecondsText\":\"\(header.timestamp)\"".utf8
      line += ",\"length\":\(bytes.byteCount),\"originalLength\":\(header.originalLength)".utf8
      line += ",\"flags\":\(header.flags.rawValue),\"bytes\":\"".utf8
      for offset in bytes.byteOffsets {
        line.append(hex: unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
      }
      line += "\"}".utf8
    }
  }

  /// Time, length, source > destination, type, flags.
  private static func line(_ header: FrameRecord, _ frame: RawSpan) -> String {
    var parts = [timeOfDay(header.timestamp), "\(header.originalLength)"]
    if let ethernet = MDLSpan(frame).ethernetHeader {
      parts.append("\(ethernet.source) > \(ethernet.destination)")
      if let tag = ethernet.vlanTag { parts.append("vlan \(tag & 0x0FFF)") }
      parts.append(typeName(ethernet.etherType))
    }
    let flags = names(of: header.flags)
    if !flags.isEmpty { parts.append(flags.joined(separator: ",")) }
    return parts.joined(separator: " ")
  }

  private static func typeName(_ type: UInt16) -> String {
    guard type >= 0x0600 else { return "llc" }
    let digits = String(type, radix: 16)
    return "0x" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
  }

  /// The names of the flags, in the order of their bits.
  static func names(of flags: FrameRecord.Flags) -> [String] {
    let all: [(FrameRecord.Flags, String)] = [
      (.truncated, "truncated"), (.outgoing, "outgoing"), (.looped, "looped"),
      (.tagPutBack, "tag-put-back"), (.hardwareTime, "hardware-time"),
    ]
    return all.filter { flags.contains($0.0) }.map(\.1)
  }

  /// The local time of day, to the microsecond.
  static func timeOfDay(_ nanoseconds: UInt64) -> String {
    var seconds = time_t(nanoseconds / 1_000_000_000)
    var parts = unsafe tm()
    unsafe localtime_r(&seconds, &parts)
    let day = unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0, 2) }
    let microseconds = padded(Int32(nanoseconds % 1_000_000_000 / 1000), 6)
    return day.joined(separator: ":") + "." + microseconds
  }

  private static func padded(_ value: Int32, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  /// Sixteen bytes a line: offset, hexadecimal digits in two groups of eight, characters.
  private func dump(_ bytes: RawSpan, to output: StandardOutput) {
    for start in stride(from: 0, to: bytes.byteCount, by: 16) {
      output.writeLine { line in
        line += "  ".utf8
        line.append(hex: UInt8(truncatingIfNeeded: start >> 8))
        line.append(hex: UInt8(truncatingIfNeeded: start))
        line += " ".utf8
        Self.appendDigits(bytes, start, to: &line)
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
