internal import MDL
internal import NDIS

/// What frames are checked against, collected once per message.
///
/// - Source: `Ndisprot.docc/Rules.md` section 6, W-2…W-9 in this order; D-9, D-49, D-59
struct WriteCheck {
  private let etherTypes: EtherTypeSet
  private let mtu: Int
  /// The longest frame without a tag.
  private let untaggedLimit: Int
  private let address: MACAddress
  private let allowsAnySource: Bool
  /// The priority with which the frames are sent; one above 0 needs a right.
  let priority: UInt8
  private let access: AccessGrant
  private let stateFailure: CompletionStatus?

  /// Collects the data.
  ///
  /// - Parameters:
  ///   - open: the open that writes
  ///   - standing: the state of its operation
  init(_ open: OpenContext, _ standing: WriteOperation.Standing) {
    let snapshot = open.binding.snapshot
    etherTypes = open.options.etherTypes
    mtu = Int(snapshot.attributes.mtu)
    untaggedLimit = mtu + EthernetHeader.untaggedByteCount
    address = snapshot.attributes.address
    allowsAnySource = open.options.flags.contains(.anySource)
    priority = open.options.flags.priority
    access = open.filter.access
    stateFailure = WriteCheck.failure(
      of: snapshot, open.options.flags, standing)
  }

  private static func failure(
    of snapshot: AdapterBinding.Snapshot, _ flags: OpenFlags,
    _ standing: WriteOperation.Standing
  ) -> CompletionStatus? {
    if !snapshot.isActive { return standing == .arriving ? .bindingGone : .adapterRemoved }
    if snapshot.state != .running, !(standing == .admitted && snapshot.state == .pausing) {
      return .paused
    }
    if !snapshot.isPowered { return .lowPower }
    if snapshot.attributes.link == .disconnected, !flags.contains(.ignoreCarrier) {
      return .linkDown
    }
    return nil
  }

  /// The longest frame: an 802.1Q tag is not part of the payload (rule W-5, D-9).
  func limit(_ header: EthernetHeader?, mtu current: UInt32? = nil) -> Int {
    (current.map { Int($0) } ?? mtu)
      + (header?.isLookedBehind == true
        ? EthernetHeader.taggedByteCount : EthernetHeader.untaggedByteCount)
  }

  /// Source and type of the last frame that passed; valid as long as the check does not change.
  struct LastPassed {
    fileprivate var sourceAndType: UInt64?
  }

  /// Whether all that is looked at is as in the last frame that passed, but for the destination.
  @inline(__always)
  func passes(_ frame: RawSpan, like last: LastPassed) -> Bool {
    guard let known = last.sourceAndType, frame.byteCount <= untaggedLimit else { return false }
    return frame.sourceAndOuterType == known
  }

  /// What keeps the frame from the wire; remembers one that passes.
  func failure(_ frame: RawSpan, remembering last: inout LastPassed) -> CompletionStatus? {
    let header = MDLSpan(frame).ethernetHeader
    let failure = failure(frame, header)
    // For a tagged frame the tag and its length count too.
    let isLasting = failure == nil && header?.tagProtocol == nil && !access.namesAddresses
    last.sourceAndType = isLasting ? frame.sourceAndOuterType : nil
    return failure
  }

  /// Why the frame must not be sent; nil if it may.
  private func failure(_ frame: RawSpan, _ header: EthernetHeader?) -> CompletionStatus? {
    if frame.byteCount == 0 { return .invalidParameter }
    guard frame.byteCount >= EthernetHeader.untaggedByteCount else { return .frameTooShort }
    guard frame.byteCount <= limit(header) else { return .frameTooLong }
    // A tag without a type after it belongs to no EtherType.
    guard let header else { return .etherTypeMismatch }
    guard etherTypes.matches(header.decidingType) else { return .etherTypeMismatch }
    let rights = access.rights(header.decidingType, vlan: header.decidingVLAN)
    guard rights.contains(.write) else { return .notPermitted }
    guard
      header.source == address || (allowsAnySource && rights.contains(.anySource))
        || (access.namesAddresses && access.namesSource(header))
    else { return .sourceMismatch }
    guard priority == 0 || rights.contains(.priority) else { return .notPermitted }
    guard !access.namesAddresses || access.allowsDestination(header) else { return .notPermitted }
    return stateFailure
  }

  /// Why the access policy refuses a frame; nil if the failure has another cause.
  func refusal(of frame: RawSpan, _ status: CompletionStatus) -> AccessRefusal? {
    guard status == .notPermitted || status == .sourceMismatch,
      let header = MDLSpan(frame).ethernetHeader
    else { return nil }
    let (type, vlan) = (header.decidingType, header.decidingVLAN)
    guard let index = access.decidingRule(type, vlan: vlan) else {
      return .noRuleForFrame(type, vlan: vlan)
    }
    let rule = access.rules[index]
    let needed: AccessRights = status == .sourceMismatch ? .anySource : .write
    guard rule.rights.contains(needed) else {
      return .missing(needed, rule: rule.name, origin: rule.origin)
    }
    guard status == .sourceMismatch || priority == 0 || rule.rights.contains(.priority) else {
      return .missing(.priority, rule: rule.name, origin: rule.origin)
    }
    // An open that did not ask for any source is no matter of rules.
    return status == .notPermitted ? .destination(rule: rule.name, origin: rule.origin) : nil
  }
}
