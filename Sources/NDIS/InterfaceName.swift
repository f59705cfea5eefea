/// The name of an interface: the kernel's bytes, with a unique text for each name.
///
/// A name is any bytes but zeros, blanks, slashes and colons; names that differ in one byte are
/// different, even where Unicode calls them equal. A name in UTF-8 is its own text. Any other name
/// is written as `bytes:` and its escaped bytes: because of the colon, no name in UTF-8 can look
/// like that.
///
/// - Shape: 1 to 15 bytes, an alternative name up to 127
/// - Source: `dev_valid_name`, netdevice(7); ALTIFNAMSIZ, `<linux/if.h>`; threat T37
public struct InterfaceName: Hashable, Sendable {
  /// The length of a name, alternative names included.
  public static let byteCounts = 1...127
  /// The prefix of escaped bytes.
  static let escapedPrefix = "bytes:"

  /// The name as programs exchange it.
  public let text: String

  /// Creates a name from the kernel's bytes; nil if no interface can have it.
  public init?(bytes: [UInt8]) {
    guard Self.arePossible(bytes) else { return nil }
    text = String(validating: bytes, as: UTF8.self) ?? bytes.escaped
  }

  /// Creates a name from `text` or `description`; nil if no interface can have it.
  public init?(_ text: String) {
    guard let bytes = Self.unescaped(text) else { return nil }
    self.init(bytes: bytes)
  }

  /// The kernel's bytes.
  public var bytes: [UInt8] { Self.unescaped(text) ?? Array(text.utf8) }

  /// Whether an interface could have this name.
  public static func isPossible(_ text: String) -> Bool { InterfaceName(text) != nil }

  static func arePossible(_ bytes: [UInt8]) -> Bool {
    byteCounts.contains(bytes.count) && bytes != [.dot] && bytes != [.dot, .dot]
      && bytes.allSatisfy { $0.canBeInName }
  }

  /// The bytes that a text stands for; nil if its escapes are invalid.
  static func unescaped(_ text: String) -> [UInt8]? {
    let bytes = Array(text.utf8)
    guard bytes.prefix(escapedPrefix.utf8.count) == Array(escapedPrefix.utf8)[...] else {
      return bytes
    }
    var rest = bytes.dropFirst(escapedPrefix.utf8.count)
    var found: [UInt8] = []
    while let byte = rest.popFirst() {
      guard byte == .backslash else {
        found.append(byte)
        continue
      }
      guard rest.popFirst() == UInt8(ascii: "x"), let high = rest.popFirst()?.hexValue,
        let low = rest.popFirst()?.hexValue
      else { return nil }
      found.append(high << 4 | low)
    }
    return found
  }

  // Not String's equality, under which canonically equivalent texts are equal.

  /// Whether the bytes are the same.
  public static func == (left: InterfaceName, right: InterfaceName) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }
}

extension InterfaceName: CustomStringConvertible {
  /// The name for people: `text`, with escapes for whatever a terminal or a log would act on.
  public var description: String {
    text.printable().utf8.elementsEqual(text.utf8) ? text : bytes.escaped
  }
}

extension InterfaceName: ExpressibleByStringInterpolation {
  /// For names in source code, which are not checked.
  public init(stringLiteral text: String) { self.text = text }
}

extension String {
  /// A printable form: the interface's name, or any other text made printable.
  package var printableName: String { InterfaceName(self)?.description ?? printable() }
}

extension UInt8 {
  fileprivate static var dot: UInt8 { UInt8(ascii: ".") }
  fileprivate static var backslash: UInt8 { UInt8(ascii: "\\") }

  /// Whether the kernel accepts the byte in the name of an interface.
  ///
  /// The kernel does not check alternative names; those that fail here cannot be used.
  ///
  /// - Source: `dev_valid_name`
  var canBeInName: Bool {
    switch self {
    case 0, 9...13, UInt8(ascii: " "), UInt8(ascii: "/"), UInt8(ascii: ":"): false
    default: true
    }
  }

  fileprivate var hexValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension [UInt8] {
  /// The bytes after `bytes:`, with `\xff` for each that is not a visible ASCII character.
  fileprivate var escaped: String {
    var text = InterfaceName.escapedPrefix
    for byte in self {
      if (0x21...0x7E).contains(byte), byte != .backslash {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16)
      }
    }
    return text
  }
}
