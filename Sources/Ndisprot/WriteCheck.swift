internal import MDL
internal import NDIS

/// What a frame is checked against, taken once for a whole message.
///
/// - Source: `spec/ndisprot-semantics.md` section 6, W-2…W-9 in this order; D-9, D-49, D-59
struct WriteCheck {
  private let etherTypes: EtherTypeSet
  private let mtu: Int
  private let address: MACAddress
  private let allowsAnySource: Bool
  private let stateFailure: CompletionStatus?

  init(_ open: OpenContext) {
    let snapshot = open.binding.snapshot
    etherTypes = open.options.etherTypes
    mtu = Int(snapshot.attributes.mtu)
    address = snapshot.attributes.address
    allowsAnySource = open.options.flags.contains(.anySource)
    stateFailure = WriteCheck.failure(of: snapshot, open.options.flags)
  }

  private static func failure(
    of snapshot: AdapterBinding.Snapshot, _ flags: OpenOptions.Flags
  ) -> CompletionStatus? {
    if !snapshot.isActive { return .bindingGone }
    if snapshot.state != .running { return .paused }
    if !snapshot.isPowered { return .lowPower }
    if snapshot.attributes.link == .disconnected, !flags.contains(.ignoreCarrier) {
      return .linkDown
    }
    return nil
  }

  /// The longest frame: a tag is not part of the payload (rule W-5, D-9).
  func limit(isTagged: Bool) -> Int { mtu + (isTagged ? 18 : 14) }

  /// What keeps the frame from the wire; nil if nothing does.
  func failure(_ frame: RawSpan) -> CompletionStatus? {
    if frame.byteCount == 0 { return .invalidParameter }
    guard frame.byteCount >= 14 else { return .frameTooShort }
    let header = MDLSpan(frame).ethernetHeader
    let outerType = UInt16(frame, bigEndianAt: 12)
    let isTagged = outerType == 0x8100
    guard frame.byteCount <= limit(isTagged: isTagged) else { return .frameTooLong }
    // A tag without a type behind it belongs to no EtherType.
    guard let header else { return .etherTypeMismatch }
    let type = isTagged ? header.etherType : outerType
    guard etherTypes.matches(type) else { return .etherTypeMismatch }
    guard allowsAnySource || header.source == address else { return .sourceMismatch }
    return stateFailure
  }
}

extension UInt16 {
  /// Two bytes in network order; the caller has checked that they are there.
  init(_ bytes: RawSpan, bigEndianAt offset: Int) {
    self = unsafe UInt16(
      bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }
}
