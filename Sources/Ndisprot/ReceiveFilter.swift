internal import MDL
internal import NDIS

/// What an open wants to hear: EtherTypes, destinations, directions.
///
/// The adapter's own filter is kept in software, because veth pairs and many cards deliver every
/// frame whatever their filter says (rule X-7).
///
/// - Source: `spec/ndisprot-semantics.md`
struct ReceiveFilter: Sendable {
  /// A type field compared with every frame; fixed room, so that the way of a frame allocates
  /// nothing and follows no reference.
  private var types = InlineArray<16, UInt16>(repeating: 0)
  private var typeCount = 0
  private var acceptsAnyType = false
  /// The same, coarsely.
  let sketch: TypeSketch
  private var groups = InlineArray<32, UInt64>(repeating: 0)
  private var groupCount = 0
  private var ownAddress: UInt64 = 0
  /// Which destinations pass.
  var packetFilter: PacketFilter
  /// Whether frames that this host sends are wanted.
  var includesOutgoing: Bool
  /// What the policy lets the open do; looked at for frames that it wants.
  var access: AccessGrant
  /// The number of the open, compared with the owner of looped records.
  let owner: UInt32

  /// The verdict on one record.
  enum Verdict {
    case matched
    case unmatchedEtherType
    case unmatchedFilter
    case unmatchedDirection
    /// Wanted, and not the open's to read.
    case notPermitted
    /// Looped for another open: not this one's business, and in none of its counters.
    case foreign
  }

  /// A verdict and what it was about; good for as long as the filter is the same.
  struct LastVerdict {
    fileprivate var key = FilterKey()
    fileprivate var verdict = Verdict.foreign
  }

  init(
    etherTypes: EtherTypeSet, packetFilter: PacketFilter, includesOutgoing: Bool,
    access: AccessGrant, owner: UInt32
  ) {
    self.access = access
    self.packetFilter = packetFilter
    self.includesOutgoing = includesOutgoing
    self.owner = owner
    acceptsAnyType = etherTypes.isAny
    sketch = TypeSketch(etherTypes)
    for value in etherTypes.values.prefix(16) {
      types[typeCount] = value
      typeCount += 1
    }
  }

  /// Follows the interface's address (D-37).
  mutating func setOwnAddress(_ address: MACAddress) { ownAddress = address.littleEndianValue }

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
    let lengths = ring.granule(at: position)
    let byteCount = Int(truncatingIfNeeded: lengths & 0xFFFF_FFFF)
    let flags = FrameRecord.Flags(
      rawValue: UInt32(truncatingIfNeeded: ring.granule(at: position &+ 16)))
    if flags.contains(.looped) {
      // It was matched when it was looped; nothing can have changed that its owner would mind.
      return ring.looped.owner(at: position) == owner ? .matched : .foreign
    }
    guard byteCount >= 14 else { return .unmatchedEtherType }
    let frame = position &+ FrameRecord.headerByteCount
    let second = ring.granule(at: frame &+ 8)
    var type = UInt16(truncatingIfNeeded: second >> 32).byteSwapped
    var vlan = VLANSet.none
    if type == 0x8100 {
      guard byteCount >= 18 else { return .unmatchedEtherType }
      vlan = UInt16(truncatingIfNeeded: second >> 48).byteSwapped & 0x0FFF
      type = UInt16(truncatingIfNeeded: ring.granule(at: frame &+ 16)).byteSwapped
    }
    guard matches(type) else { return .unmatchedEtherType }
    var needed = AccessRights.read
    if flags.contains(.outgoing) {
      guard includesOutgoing else { return .unmatchedDirection }
      needed.formUnion(.allFrames)
    } else {
      let destination = ring.granule(at: frame) & 0xFFFF_FFFF_FFFF
      if !accepts(destination: destination) {
        guard packetFilter.contains(.promiscuous) else { return .unmatchedFilter }
        needed.formUnion(.promiscuous)
      }
    }
    return access.rights(type, vlan: vlan).isSuperset(of: needed) ? .matched : .notPermitted
  }

  /// Judges the record at `position`, at once if all that a verdict depends on is as in the last one.
  @inline(__always)
  func verdict(
    on ring: borrowing ReceiveRing, at position: Int, remembering last: inout LastVerdict
  ) -> Verdict {
    if last.key.isOf(ring, at: position) { return last.verdict }
    let verdict = verdict(on: ring, at: position)
    let key = FilterKey(of: ring, at: position)
    if !key.isNone { last = LastVerdict(key: key, verdict: verdict) }
    return verdict
  }

  /// Whether a frame to this destination may be heard: asked before its header is looked at.
  @inline(__always)
  func mayHear(destination: UInt64) -> Bool {
    packetFilter.contains(.promiscuous) || accepts(destination: destination)
  }

  /// Whether a frame with this header would be heard: decides about looping it back.
  func matches(_ header: EthernetHeader) -> Bool {
    guard matches(header.typeBehindCustomerTag) else { return false }
    var needed = AccessRights.read
    if !accepts(destination: header.destination.littleEndianValue) {
      guard packetFilter.contains(.promiscuous) else { return false }
      needed.formUnion(.promiscuous)
    }
    return access.rights(header.typeBehindCustomerTag, vlan: header.customerVLAN)
      .isSuperset(of: needed)
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

  /// R-33 without promiscuous, on the six octets as a little-endian number: the group bit is bit 0.
  @inline(__always) private func accepts(destination: UInt64) -> Bool {
    if destination == ownAddress { return packetFilter.contains(.directed) }
    if destination & 1 == 0 { return false }
    if destination == 0xFFFF_FFFF_FFFF {
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

extension MACAddress {
  /// The six octets as the low 48 bits of a number, the first lowest.
  var littleEndianValue: UInt64 {
    var value: UInt64 = 0
    for index in 0..<6 { value |= UInt64(octets[index]) << UInt64(8 * index) }
    return value
  }
}
