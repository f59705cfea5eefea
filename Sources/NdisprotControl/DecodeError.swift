/// Why a payload does not match its opcode: the request gets an error reply, and the session
/// continues.
public enum DecodeError: Error, Equatable, Sendable {
  /// It ends inside a field.
  case tooShort
  /// Bytes are left after the last field.
  case trailingBytes
  /// A reserved field or padding is not zero.
  case reservedNotZero
  /// A field has an invalid value.
  case invalidValue
  /// A text is not UTF-8, contains a NUL, or has an invalid length.
  case invalidText
}
