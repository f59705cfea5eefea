internal import MDL
internal import NDIS

/// What an open receives: EtherTypes, destinations, directions.
///
/// The adapter's own filter is implemented in software, because veth pairs and many NICs deliver
/// every frame whatever their filter says (rule X-7).
///
/// - Source: `Ndisprot.docc/Rules.md`
struct ReceiveFilter: Sendable {
  /// The type fields that every frame is compared with; in fixed space, so that the path of a frame
  /// allocates nothing and follows no reference.
  private var types = InlineArray<16, UInt16>(repeating: 0)
  private var typeCount = 0
  private var acceptsAnyType = false
  /// The same types, coarsely.
  let signature: EtherTypeSignature
  private var groups = InlineArray<32, UInt64>(repeating: 0)
  private var groupCount = 0
  private var ownAddress: UInt64 = 0
  /// Which destinations pass.
  var packetFilter: PacketFilter
  /// Whether frames that this host sends are wanted.
  var includesOutgoing: Bool
  /// The rights of the open; consulted for frames that it wants.
  var access: AccessGrant
  /// The number of the open, compared with the owner of looped records.
  let owner: UInt64

  /// The verdict on one record.
  enum Verdict {
    case matched
    case unmatchedEtherType
    case unmatchedFilter
    case unmatchedDirection
    /// Wanted, but the open may not read it.
    case notPermitted
    /// Looped for another open: not for this one, and in none of its counters.
    case foreign
  }

  /// A verdict and what it was about; valid as long as the filter does not change.
  struct LastVerdict {
    fileprivate var key = FlowKey()
    fileprivate var verdict = Verdict.foreign
  }

  init(
    etherTypes: EtherTypeSet, packetFilter: PacketFilter, includesOutgoing: Bool,
    access: AccessGrant, owner: UInt64
  ) {
    self.access = access
    self.packetFilter = packetFilter
    self.includesOutgoing = includesOutgoing
    self.owner = owner
    acceptsAnyType = etherTypes.isAny
    signature = EtherTypeSignature(etherTypes)
    for value in etherTypes.values.prefix(16) {
      types[typeCount] = value
      typeCount += 1
    }
  }

  /// Applies the interface's address (D-37).
  mutating func setOwnAddress(_ address: MACAddress) { ownAddress = address.littleEndianValue }

  /// Whether this is the interface's address, as far as known here.
  func isOwn(_ address: MACAddress) -> Bool { ownAddress == address.littleEndianValue }

  /// Replaces the multicast list; the caller has checked that there are at most 32 (rule 11.3).
  mutating func setGroups(_ addresses: [MACAddress]) {
    groupCount = 0
    for address in addresses.prefix(32) {
      groups[groupCount] = address.littleEndianValue
      groupCount += 1
    }
  }

  /// Judges the record at `position`.
  @inline(__always)
  func verdict(on ring: borrowing ReceiveRing, at position: Int) -> Verdict {
    let flags = ring.flags(at: position)
    if flags.contains(.looped) {
      // It was matched when it was looped; later changes make no difference to its owner.
      return ring.looped.owner(at: position) == owner ? .matched : .foreign
    }
    guard let key = ring.ethernetKey(at: position), matches(key.type) else {
      return .unmatchedEtherType
    }
    var needed = AccessRights.read
    if flags.contains(.outgoing) {
      guard includesOutgoing else { return .unmatchedDirection }
      needed.formUnion(.allFrames)
    } else if !accepts(destination: key.destination) {
      guard packetFilter.contains(.promiscuous) else { return .unmatchedFilter }
      needed.formUnion(.promiscuous)
    }
    return access.rights(key.type, vlan: key.vlan).isSuperset(of: needed)
      ? .matched : .notPermitted
  }

  /// Judges the record at `position`, without work if all that the verdict depends on is as in the
  /// last one.
  @inline(__always)
  func verdict(
    on ring: borrowing ReceiveRing, at position: Int, remembering last: inout LastVerdict
  ) -> Verdict {
    if last.key.isOf(ring, at: position) { return last.verdict }
    let verdict = verdict(on: ring, at: position)
    let key = FlowKey(of: ring, at: position)
    if !key.isNone { last = LastVerdict(key: key, verdict: verdict) }
    return verdict
  }

  /// Whether the open would receive this frame: decides about looping it back.
  @inline(__always)
  func hears(_ frame: RawSpan) -> Bool {
    // The destination first: for nearly all frames nothing else is examined.
    guard let key = EthernetKey(frame) else { return false }
    let isAccepted = accepts(destination: key.destination)
    guard isAccepted || packetFilter.contains(.promiscuous), matches(key.type) else { return false }
    return access.rights(key.type, vlan: key.vlan)
      .isSuperset(of: isAccepted ? .read : [.read, .promiscuous])
  }

  /// Whether both judge every frame alike.
  func judges(like other: ReceiveFilter) -> Bool {
    ownAddress == other.ownAddress && packetFilter == other.packetFilter
      && includesOutgoing == other.includesOutgoing && access == other.access
      && acceptsAnyType == other.acceptsAnyType && owner == other.owner
      && typeCount == other.typeCount && groupCount == other.groupCount
      && (0..<typeCount).allSatisfy { types[$0] == other.types[$0] }
      && (0..<groupCount).allSatisfy { groups[$0] == other.groups[$0] }
  }

  @inline(__always) private func matches(_ type: UInt16) -> Bool {
    if acceptsAnyType { return true }
    let wanted = type < 0x0600 ? EtherTypeSet.llcValue : type
    var index = 0
    while index < typeCount {
      if types[index] == wanted { return true }
      index &+= 1
    }
    return false
  }

  /// R-33 without promiscuous mode, on the six octets as a little-endian number: the group bit is
  /// bit 0.
  @inline(__always) private func accepts(destination: UInt64) -> Bool {
    if destination == ownAddress { return packetFilter.contains(.directed) }
    if !EthernetKey.isGroup(destination) { return false }
    if destination == EthernetKey.broadcast {
      return packetFilter.contains(.broadcast) || packetFilter.contains(.allMulticast)
    }
    if packetFilter.contains(.allMulticast) { return true }
    guard packetFilter.contains(.multicast) else { return false }
    var index = 0
    while index < groupCount {
      if groups[index] == destination { return true }
      index &+= 1
    }
    return false
  }
}
