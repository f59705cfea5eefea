internal import MDL
internal import NDIS

/// Reads a payload field by field; reading past the end is an error, never a trap.
struct PayloadReader: ~Escapable {
  private var rest: RawSpan

  @_lifetime(copy payload)
  init(_ payload: RawSpan) { rest = payload }

  /// Bytes that are left.
  var remainingByteCount: Int { rest.byteCount }

  /// Reads the next `byteCount` bytes.
  @_lifetime(copy self)
  mutating func take(_ byteCount: Int) throws(DecodeError) -> RawSpan {
    guard byteCount >= 0, byteCount <= rest.byteCount else { throw .tooShort }
    let bytes = rest.extracting(first: byteCount)
    rest = rest.extracting(droppingFirst: byteCount)
    return bytes
  }

  /// Reads the next integer.
  mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type = Value.self
  ) throws(DecodeError) -> Value {
    let bytes = try take(MemoryLayout<Value>.size)
    return unsafe Value(littleEndianIn: bytes, at: 0)
  }

  /// Reads bytes that must be zero.
  mutating func zeros(_ byteCount: Int) throws(DecodeError) {
    let bytes = try take(byteCount)
    for offset in 0..<bytes.byteCount
    where unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self) != 0 {
      throw .reservedNotZero
    }
  }

  /// Reads an address.
  mutating func address() throws(DecodeError) -> MACAddress {
    guard let address = MACAddress(try take(6)) else { throw .tooShort }
    return address
  }

  /// Reads a text: UTF-8 without NUL.
  mutating func text(_ byteCount: Int) throws(DecodeError) -> String {
    let bytes = try take(byteCount)
    guard let text = bytes.validatedText, !bytes.hasZero else { throw .invalidText }
    return text
  }

  /// Reads a text with its length in front, with zeros up to a multiple of 8 bytes.
  mutating func countedText() throws(DecodeError) -> String {
    let byteCount: UInt32 = try integer()
    guard byteCount <= ObjectEntry.maximumTextByteCount else { throw .invalidText }
    let text = try text(Int(byteCount))
    try zeros(-(4 + Int(byteCount)) & 7)
    return text
  }

  /// Reads 32 bits that are 0 or 1.
  mutating func flag() throws(DecodeError) -> Bool {
    let number: UInt32 = try integer()
    guard number <= 1 else { throw .invalidValue }
    return number == 1
  }

  /// Reads the name of an interface.
  mutating func interfaceName(_ byteCount: Int) throws(DecodeError) -> InterfaceName {
    // An escape takes up to four bytes for one.
    guard byteCount <= 4 * InterfaceName.byteCounts.upperBound + 8,
      let name = InterfaceName(try text(byteCount))
    else { throw .invalidText }
    return name
  }

  /// Checks that nothing is left.
  func end() throws(DecodeError) {
    guard rest.isEmpty else { throw .trailingBytes }
  }
}

extension RawSpan {
  /// The bytes as text, nil if they are not UTF-8.
  var validatedText: String? {
    unsafe withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
  }

  /// Whether one of them is NUL.
  var hasZero: Bool {
    for offset in 0..<byteCount {
      if unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self) == 0 { return true }
    }
    return false
  }

  /// A copy of the bytes.
  var array: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }
}
