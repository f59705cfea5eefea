/// Why a payload is not what its opcode says: an error reply, and the session lives.
public enum DecodeError: Error, Equatable, Sendable {
  /// It ends inside a field.
  case tooShort
  /// Bytes follow the last field.
  case trailingBytes
  /// A reserved field or padding is not zero.
  case reservedNotZero
  /// A field has a value that it cannot have.
  case invalidValue
  /// A text is no UTF-8, has a NUL, or a length that it cannot have.
  case invalidText
}
