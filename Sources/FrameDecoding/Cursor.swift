internal import MDL
internal import NDIS

/// What is wrong with a frame, in a few words for people.
struct Malformed: Error {
  let words: String
  init(_ words: String) { self.words = words }
}

/// The bytes of a frame, read front to back; reading past the end is an error, never a trap.
struct Cursor {
  private let bytes: [UInt8]
  private var position: Int
  private let end: Int

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    (position, end) = (0, bytes.count)
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    (position, end) = (range.lowerBound, range.upperBound)
  }

  /// Bytes that are left.
  var count: Int { end - position }

  /// Takes the next bytes as a cursor of their own; `what` names them in the error if they are
  /// missing.
  mutating func take(_ byteCount: Int, _ what: String) throws(Malformed) -> Cursor {
    guard byteCount <= count else {
      throw Malformed("\(what) of \(byteCount) bytes, \(count) are there")
    }
    defer { position += byteCount }
    return Cursor(bytes, position..<position + byteCount)
  }

  mutating func skip(_ byteCount: Int) throws(Malformed) {
    _ = try take(byteCount, "a field")
  }

  /// Takes a big-endian number.
  mutating func number(_ byteCount: Int) throws(Malformed) -> UInt64 {
    let part = try take(byteCount, "a number")
    return part.rest.reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func byte() throws(Malformed) -> UInt8 { UInt8(truncatingIfNeeded: try number(1)) }

  mutating func short() throws(Malformed) -> UInt16 { UInt16(truncatingIfNeeded: try number(2)) }

  mutating func word() throws(Malformed) -> UInt32 { UInt32(truncatingIfNeeded: try number(4)) }

  /// Takes a little-endian number.
  mutating func littleShort() throws(Malformed) -> UInt16 { try short().byteSwapped }

  mutating func address() throws(Malformed) -> MACAddress {
    let part = try take(6, "an address")
    return MACAddress(InlineArray { part.bytes[part.position + $0] })
  }

  /// All bytes that are left.
  var rest: ArraySlice<UInt8> { bytes[position..<end] }
}

extension Cursor {
  /// The bytes that are left as text that is safe for a terminal.
  var text: String { String(decoding: rest, as: UTF8.self).printable(255) }

  /// The bytes that are left as hexadecimal digits, with a separator between bytes.
  func hex(_ separator: String = ":") -> String {
    rest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(
      separator: separator)
  }

  /// The bytes that are left as an IPv4 or IPv6 address, or as digits if they are neither.
  var internetAddress: String {
    switch count {
    case 4: rest.map { "\($0)" }.joined(separator: ".")
    case 16: Self.longAddress(Array(rest))
    default: hex()
    }
  }

  /// - Source: RFC 5952: the longest run of zeros is `::`, the first of several
  private static func longAddress(_ bytes: [UInt8]) -> String {
    let groups = stride(from: 0, to: 16, by: 2).map {
      UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
    }
    var (best, length) = (0, 1)
    for start in groups.indices {
      let run = groups[start...].prefix { $0 == 0 }.count
      if run > length { (best, length) = (start, run) }
    }
    func text(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard length > 1 else { return text(groups[...]) }
    return text(groups[..<best]) + "::" + text(groups[(best + length)...])
  }
}
