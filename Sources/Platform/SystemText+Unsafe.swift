internal import Glibc

// Names of files and arguments of programs are bytes; most of them are UTF-8.

extension String {
  /// The bytes as text that gives them back.
  ///
  /// Each byte that is not part of UTF-8 becomes a private character, which messages show as `�`.
  public init(systemBytes bytes: some Collection<UInt8>) {
    if let text = String(validating: bytes, as: UTF8.self),
      !text.unicodeScalars.contains(where: \.isSystemByte)
    {
      self = text
      return
    }
    var scalars = UnicodeScalarView()
    var rest = Array(bytes)[...]
    while let first = rest.first {
      // The shortest valid prefix is one character.
      let character = (1...4).lazy.compactMap { count in
        String(validating: rest.prefix(count), as: UTF8.self)?.unicodeScalars.first
      }.first
      if let character, !character.isSystemByte {
        scalars.append(character)
        rest = rest.dropFirst(UTF8.width(character))
      } else {
        scalars.append(Unicode.Scalar(systemByte: first))
        rest = rest.dropFirst()
      }
    }
    self = String(scalars)
  }

  /// The same from a C string.
  public init(systemString: UnsafePointer<CChar>) {
    let count = unsafe strlen(systemString)
    self.init(
      systemBytes: unsafe UnsafeBufferPointer(start: systemString, count: count).map {
        UInt8(bitPattern: $0)
      })
  }

  /// The bytes for which this text stands, with a zero at the end, as system calls take them.
  public var systemString: [CChar] {
    var bytes: [UInt8] = []
    for scalar in unicodeScalars {
      if scalar.isSystemByte {
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        bytes += String(scalar).utf8
      }
    }
    return (bytes + [0]).map { CChar(bitPattern: $0) }
  }
}

extension Unicode.Scalar {
  /// The private characters of the last plane that no text uses.
  private static let systemBytes: UInt32 = 0x10_FF00

  fileprivate init(systemByte byte: UInt8) {
    self = Unicode.Scalar(Self.systemBytes + UInt32(byte)) ?? "\u{FFFD}"
  }

  /// Whether it stands for a byte that is not part of UTF-8, which is 0x80 or more.
  public var isSystemByte: Bool {
    value >= Self.systemBytes + 0x80 && value <= Self.systemBytes + 0xFF
  }
}
