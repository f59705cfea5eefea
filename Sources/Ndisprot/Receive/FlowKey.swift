internal import MDL
internal import NDIS

/// The fields of a record that a filter examines: records with the same key are judged alike.
///
/// A looped record is judged by its owner too, a tagged one by what follows the tag, a short one by
/// its length: those have no key.
struct FlowKey {
  /// Destination and outer type.
  private var flow: UInt64 = 0
  /// No record has all flags set: marks the absent key.
  private var flags = UInt32.max

  /// The absent key, which matches no record.
  init() {}

  /// The key of the record at `position`; the absent key if it has none.
  @inline(__always)
  init(of ring: borrowing ReceiveRing, at position: Int) {
    let flags = ring.flags(at: position)
    let flow = FlowKey.flow(ring, position)
    guard ring.frameByteCount(at: position) >= EthernetHeader.untaggedByteCount,
      !flags.contains(.looped), !EthernetKey.isLookedBehind(flow: flow)
    else { return }
    self.flags = flags.rawValue
    self.flow = flow
  }

  /// Whether it is the absent key.
  var isNone: Bool { flags == .max }

  /// Whether the record of a frame that is not truncated would have this key.
  @inline(__always)
  func isOf(_ frame: ReceivedFrame) -> Bool {
    frame.flags == flags && frame.bytes.flow == flow && !frame.isTruncated
  }

  /// Whether the record at `position` has this key.
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
