/// The fields that decide which rule or open applies: destination, VLAN, and the type after one
/// 0x8100 tag.
///
/// Together with `EthernetHeader` the only place that knows the offsets of these fields. It reads
/// the frame as the little-endian numbers at its octets 0, 8 and 16, so that it reads a span in the
/// same way as a ring of 8-byte granules in which a frame may wrap.
///
/// ```
///   0                 6        8        12     14     16
///   │ destination     │ source          │ type │                  without a tag
///   │ destination     │ source          │ 8100 │ tag  │ type       with one that is looked behind
/// ```
@frozen public struct EthernetKey: BitwiseCopyable, Sendable {
  /// The six octets of the destination, the first lowest.
  public let destination: UInt64
  /// The type, or a length when below 0x600; the tag's type if the tag is not parsed.
  public let type: UInt16
  /// The VLAN; 0 without one.
  public let vlan: UInt16

  /// Reads the head of a frame; nil if the frame is too short.
  ///
  /// - Parameters:
  ///   - byteCount: the octets of the frame
  ///   - number: the number at an offset; of that at 16, read for a tagged frame only, the lower
  ///     half counts
  @inlinable @inline(__always)
  public init?(byteCount: Int, number: (_ offset: Int) -> UInt64) {
    guard byteCount >= EthernetHeader.untaggedByteCount else { return nil }
    let second = number(8)
    let outer = UInt16(truncatingIfNeeded: second >> 32).byteSwapped
    if TagProtocol.isLookedBehind(outer) {
      guard byteCount >= EthernetHeader.taggedByteCount else { return nil }
      vlan = UInt16(truncatingIfNeeded: second >> 48).byteSwapped & 0x0FFF
      type = UInt16(truncatingIfNeeded: number(16)).byteSwapped
    } else {
      vlan = 0
      type = outer
    }
    destination = EthernetKey.destination(number(0))
  }

  /// Reads the head of a contiguous frame.
  @inlinable @inline(__always)
  public init?(_ frame: RawSpan) {
    self.init(byteCount: frame.byteCount) { offset in
      // After the sixteenth octet of a tagged frame only two more are certain to exist.
      guard offset < 16 else {
        return UInt64(
          unsafe frame.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
      }
      // A frame of 14 octets ends in the middle of the second number.
      guard offset == 0 || frame.byteCount >= 16 else {
        return unsafe frame.unsafeLoadUnaligned(fromUncheckedByteOffset: 6, as: UInt64.self) >> 16
      }
      return unsafe frame.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
    }
  }

  /// Whether the destination is a group.
  @inlinable public var isToGroup: Bool { EthernetKey.isGroup(destination) }

  // MARK: Addresses as numbers

  /// The destination, from the number at a frame's first octet.
  @inlinable @inline(__always)
  public static func destination(_ first: UInt64) -> UInt64 { first & 0xFFFF_FFFF_FFFF }

  /// Whether an address is a group address: the lowest bit of its first octet.
  @inlinable @inline(__always)
  public static func isGroup(_ address: UInt64) -> Bool { address & 1 == 1 }

  /// The broadcast address.
  @inlinable public static var broadcast: UInt64 { 0xFFFF_FFFF_FFFF }

  // MARK: Flows

  /// Destination and outer type as one number: untagged frames with the same number are judged
  /// alike.
  ///
  /// - Shape: the type, as it lies in the frame, in the lowest 16 bits; the destination above
  @inlinable @inline(__always)
  public static func flow(_ first: UInt64, _ second: UInt64) -> UInt64 {
    first << 16 | (second >> 32 & 0xFFFF)
  }

  /// Whether the flow alone does not decide about a frame.
  @inlinable @inline(__always)
  public static func isLookedBehind(flow: UInt64) -> Bool {
    TagProtocol.isLookedBehind(UInt16(truncatingIfNeeded: flow).byteSwapped)
  }
}

extension RawSpan {
  /// Whether this is a multicast or broadcast frame.
  @inlinable @inline(__always) public var isToGroup: Bool {
    guard byteCount >= 6 else { return false }
    return unsafe EthernetKey.isGroup(
      UInt64(unsafeLoad(fromUncheckedByteOffset: 0, as: UInt8.self)))
  }

  /// Whether this is a broadcast frame.
  public var isToEverybody: Bool {
    guard byteCount >= 6 else { return false }
    let first = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt32.self)
    let last = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: 4, as: UInt16.self)
    return UInt64(last) << 32 | UInt64(first) == EthernetKey.broadcast
  }

  /// The outer type of this frame; nil if it is too short.
  @inlinable @inline(__always) public var outerEtherType: UInt16? {
    guard byteCount >= EthernetHeader.untaggedByteCount else { return nil }
    return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: 12, as: UInt16.self).bigEndian
  }

  /// The flow of this frame; nil for fewer than 16 octets, which the two numbers take.
  @inlinable @inline(__always) public var flow: UInt64? {
    guard byteCount >= 16 else { return nil }
    return unsafe EthernetKey.flow(
      unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt64.self),
      unsafeLoadUnaligned(fromUncheckedByteOffset: 8, as: UInt64.self))
  }

  /// The source and the outer type after it as one number: untagged frames of one open with the
  /// same number are checked alike; nil if the frame is too short.
  @inlinable @inline(__always) public var sourceAndOuterType: UInt64? {
    guard byteCount >= EthernetHeader.untaggedByteCount else { return nil }
    return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: 6, as: UInt64.self)
  }
}
