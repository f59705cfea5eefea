/// A pattern of interface names: `*` matches any bytes, `?` matches one.
///
/// It is matched against the kernel's bytes. After `bytes:` an escape such as `\x2a` means that
/// byte, not a wildcard.
///
/// - Complexity: matching is O(pattern × name), without recursion
public struct NamePattern: Hashable, Sendable {
  /// A byte, or a wildcard.
  package enum Part: Hashable, Sendable {
    /// Exactly this byte.
    case byte(UInt8)
    /// `?`: any one byte.
    case one
    /// `*`: any number of bytes.
    case any
  }
  /// The pattern as written.
  let text: String
  /// The pattern, part by part.
  package let parts: [Part]

  /// Creates a pattern; nil if no interface can have a matching name.
  public init?(_ text: String) {
    let escapes = text.utf8.starts(with: InterfaceName.escapedPrefix.utf8)
    guard let bytes = InterfaceName.unescaped(text) else { return nil }
    let literal = escapes ? Self.escapedOffsets(text) : []
    let parts = bytes.enumerated().map { offset, byte in
      literal.contains(offset) ? Part.byte(byte) : Part(byte)
    }
    let shortest = parts.filter { $0 != .any }
    guard !parts.isEmpty, shortest.count <= InterfaceName.byteCounts.upperBound,
      bytes.allSatisfy({ $0.canBeInName }),
      parts.contains(.any) || parts.contains(.one)
        || InterfaceName.arePossible(bytes)
    else { return nil }
    self.text = text
    self.parts = parts
  }

  /// Which of the bytes after `bytes:` were written as escapes.
  private static func escapedOffsets(_ text: String) -> Set<Int> {
    var offsets: Set<Int> = []
    var rest = text.utf8.dropFirst(InterfaceName.escapedPrefix.utf8.count)
    var offset = 0
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\") {
        offsets.insert(offset)
        rest = rest.dropFirst(3)
      }
      offset += 1
    }
    return offsets
  }

  /// Whether a name matches.
  public func matches(_ name: InterfaceName) -> Bool {
    let name = name.bytes
    var (p, n) = (0, 0)
    // Where to continue when the last star has to match one more byte.
    var retry: (p: Int, n: Int)?
    while n < name.count {
      if p < parts.count, parts[p] == .any {
        p += 1
        retry = (p, n)
      } else if p < parts.count, parts[p] == .one || parts[p] == .byte(name[n]) {
        p += 1
        n += 1
      } else if let last = retry {
        retry = (last.p, last.n + 1)
        (p, n) = (last.p, last.n + 1)
      } else {
        return false
      }
    }
    return parts[p...].allSatisfy { $0 == .any }
  }
}

extension NamePattern.Part {
  fileprivate init(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "*"): self = .any
    case UInt8(ascii: "?"): self = .one
    default: self = .byte(byte)
    }
  }
}

extension NamePattern: ExpressibleByStringLiteral {
  /// For patterns in source code; an invalid one matches nothing.
  public init(stringLiteral text: String) {
    self = NamePattern(text) ?? NamePattern(text, parts: [])
  }

  private init(_ text: String, parts: [Part]) {
    self.text = text
    self.parts = parts
  }
}

extension InterfaceName {
  /// Why a text cannot name an interface, and what to write instead; nil if it can.
  ///
  /// `np0@np1` could be a name. Where no interface of that name is known, it was probably copied
  /// from the line that `ip link` shows for np0.
  package static func objection(to text: String, isPattern: Bool = false) -> String? {
    let isPossible = isPattern ? NamePattern(text) != nil : self.isPossible(text)
    let meant = meant(by: text)
    guard !isPossible || meant != nil else { return nil }
    let shown = text.printable(140)
    guard let meant else {
      return "'\(shown)' cannot be the name of an interface. Write 1 to "
        + "\(byteCounts.upperBound) bytes without blanks, slashes and colons, as ip link shows them"
    }
    return isPossible
      ? "'\(shown)' is a name with what ip link shows behind it. Write \(meant)"
      : "'\(shown)' cannot be the name of an interface. Write \(meant)"
  }

  /// The intended name in a text with additions that `ip` shows after the name, or with blanks
  /// around it.
  package static func meant(by text: String) -> InterfaceName? {
    guard !text.utf8.starts(with: escapedPrefix.utf8) else { return nil }
    let blanks: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || (9...13).contains($0) }
    let name = Array(text.utf8.drop(while: blanks))
    let end = name.dropFirst().firstIndex {
      blanks($0) || $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: ":")
    }
    // A name may begin or end with an @.
    guard end != name.indices.last || name.last != UInt8(ascii: "@") else { return nil }
    let meant = InterfaceName(bytes: Array(name[..<(end ?? name.endIndex)]))
    return meant?.text == text ? nil : meant
  }
}
