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
  private var groups = InlineArray<32, UInt64>(repeating: 0)
  private var groupCount = 0
  private var ownAddress: UInt64 = 0
  /// Which destinations pass.
  var packetFilter: PacketFilter
  /// Whether frames that this host sends are wanted.
  var includesOutgoing: Bool
  /// The number of the open, compared with the owner of looped records.
  let owner: UInt32

  /// The verdict on one record.
  enum Verdict {
    case matched
    case unmatchedEtherType
    case unmatchedFilter
    case unmatchedDirection
    /// Looped for another open: not this one's business, and in none of its counters.
    case foreign
  }

  init(
    etherTypes: EtherTypeSet, packetFilter: PacketFilter, includesOutgoing: Bool, owner: UInt32
  ) {
    self.packetFilter = packetFilter
    self.includesOutgoing = includesOutgoing
    self.owner = owner
    acceptsAnyType = etherTypes.isAny
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
    if type == 0x8100 {
      guard byteCount >= 18 else { return .unmatchedEtherType }
      type = UInt16(truncatingIfNeeded: ring.granule(at: frame &+ 16)).byteSwapped
    }
    guard matches(type) else { return .unmatchedEtherType }
    if flags.contains(.outgoing) { return includesOutgoing ? .matched : .unmatchedDirection }
    return accepts(destination: ring.granule(at: frame) & 0xFFFF_FFFF_FFFF)
      ? .matched : .unmatchedFilter
  }

  /// Whether a frame with this header would be heard: decides about looping it back.
  func matches(_ header: EthernetHeader) -> Bool {
    matches(header.typeBehindCustomerTag)
      && accepts(destination: header.destination.littleEndianValue)
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

  /// R-33, on the six octets as a little-endian number: the group bit is bit 0.
  @inline(__always) private func accepts(destination: UInt64) -> Bool {
    if packetFilter.contains(.promiscuous) { return true }
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
