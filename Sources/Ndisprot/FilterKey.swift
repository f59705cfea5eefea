internal import NDIS

/// What a filter looks at in a record: records with the same key are judged alike.
///
/// A looped record is judged by its owner too, a tagged one by what is behind the tag, a short one
/// by its length: those have no key.
struct FilterKey {
  /// The destination, and above it the type as it lies in the frame.
  private var addressAndType: UInt64 = 0
  /// No record has all flags: the key of none.
  private var flags = UInt32.max

  /// The key that no record has.
  init() {}

  /// The key of the record at `position`; that of none if it has none.
  init(of ring: borrowing ReceiveRing, at position: Int) {
    let flags = ring.flags(at: position)
    let addressAndType = FilterKey.addressAndType(ring, position)
    // 0x8100 as it lies in a little-endian number.
    guard ring.frameByteCount(at: position) >= 14, !flags.contains(.looped),
      addressAndType >> 48 != 0x0081
    else { return }
    self.flags = flags.rawValue
    self.addressAndType = addressAndType
  }

  /// Whether no record has it.
  var isNone: Bool { flags == .max }

  /// Whether the record at `position` has it.
  @inline(__always)
  func isOf(_ ring: borrowing ReceiveRing, at position: Int) -> Bool {
    FilterKey.addressAndType(ring, position) == addressAndType
      && ring.flags(at: position).rawValue == flags && ring.frameByteCount(at: position) >= 14
  }

  @inline(__always)
  private static func addressAndType(_ ring: borrowing ReceiveRing, _ position: Int) -> UInt64 {
    let frame = position &+ FrameRecord.headerByteCount
    let type = ring.granule(at: frame &+ 8) >> 32 & 0xFFFF
    return ring.granule(at: frame) & 0xFFFF_FFFF_FFFF | type << 48
  }
}
