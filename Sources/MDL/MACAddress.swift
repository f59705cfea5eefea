/// An Ethernet address.
///
/// - Shape: six octets in wire order; bit 0 of the first is the group bit
public struct MACAddress: BitwiseCopyable, Hashable, Sendable {
  /// The octets in wire order.
  public var octets: InlineArray<6, UInt8>

  /// Makes an address from its octets.
  public init(_ octets: InlineArray<6, UInt8>) { self.octets = octets }

  /// Makes an address from exactly six bytes in wire order; nil for any other count.
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount == 6 else { return nil }
    octets = InlineArray { unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
  }

  /// `00:00:00:00:00:00`.
  public static let zero = MACAddress([0, 0, 0, 0, 0, 0])
  /// `ff:ff:ff:ff:ff:ff`.
  public static let broadcast = MACAddress([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])

  /// Whether the group bit is set: multicast and broadcast.
  public var isMulticast: Bool { octets[0] & 1 != 0 }
  /// Whether all octets are 0xFF.
  public var isBroadcast: Bool { self == .broadcast }

  /// The octets as the low 48 bits of a number, the first lowest: as in `EthernetKey`.
  public var littleEndianValue: UInt64 {
    var value: UInt64 = 0
    for index in 0..<6 { value |= UInt64(octets[index]) << UInt64(8 * index) }
    return value
  }

  /// The octets as a number, the first one highest; makes equality and hashing a single step.
  private var word: UInt64 {
    octets.indices.reduce(0) { $0 << 8 | UInt64(octets[$1]) }
  }

  /// Whether all octets are equal.
  public static func == (left: MACAddress, right: MACAddress) -> Bool { left.word == right.word }

  /// Feeds the octets to `hasher`.
  public func hash(into hasher: inout Hasher) { hasher.combine(word) }
}

extension MACAddress: LosslessStringConvertible {
  /// Parses six pairs of hexadecimal digits, separated by five colons or five dashes.
  public init?(_ description: String) {
    let text = description.utf8
    guard text.count == 17 else { return nil }
    let separator = text[text.index(text.startIndex, offsetBy: 2)]
    guard separator == UInt8(ascii: ":") || separator == UInt8(ascii: "-") else { return nil }
    self = .zero
    for (position, unit) in text.enumerated() {
      guard position % 3 != 2 else {
        guard unit == separator else { return nil }
        continue
      }
      guard let digit = Character(Unicode.Scalar(unit)).hexDigitValue else { return nil }
      octets[position / 3] = octets[position / 3] << 4 | UInt8(truncatingIfNeeded: digit)
    }
  }

  /// The address as `aa:bb:cc:dd:ee:ff`.
  public var description: String {
    octets.indices.map { index in
      let hex = String(octets[index], radix: 16)
      return octets[index] < 16 ? "0" + hex : hex
    }.joined(separator: ":")
  }
}
