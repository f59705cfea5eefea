internal import MDL
internal import NDIS

/// What a filter looks at in a record: records with the same key are judged alike.
///
/// A looped record is judged by its owner too, a tagged one by what is behind the tag, a short one
/// by its length: those have no key.
struct FlowKey {
  /// Destination and outer type.
  private var flow: UInt64 = 0
  /// No record has all flags: the key of none.
  private var flags = UInt32.max

  /// The key that no record has.
  init() {}

  /// The key of the record at `position`; that of none if it has none.
  init(of ring: borrowing ReceiveRing, at position: Int) {
    let flags = ring.flags(at: position)
    let flow = FlowKey.flow(ring, position)
    guard ring.frameByteCount(at: position) >= EthernetHeader.untaggedByteCount,
      !flags.contains(.looped), !EthernetKey.isLookedBehind(flow: flow)
    else { return }
    self.flags = flags.rawValue
    self.flow = flow
  }

  /// Whether no record has it.
  var isNone: Bool { flags == .max }

  /// Whether the record at `position` has it.
  @inline(__always)
  func isOf(_ ring: borrowing ReceiveRing, at position: Int) -> Bool {
    FlowKey.flow(ring, position) == flow
      && ring.flags(at: position).rawValue == flags
      && ring.frameByteCount(at: position) >= EthernetHeader.untaggedByteCount
  }

  @inline(__always)
  private static func flow(_ ring: borrowing ReceiveRing, _ position: Int) -> UInt64 {
    let frame = position &+ FrameRecord.headerByteCount
    return EthernetKey.flow(ring.granule(at: frame), ring.granule(at: frame &+ 8))
  }
}
