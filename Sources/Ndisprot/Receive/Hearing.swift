internal import MDL
internal import NDIS

/// Which destinations an open receives: its packet filter and its group list, which belong
/// together.
///
/// A SET is tried on a copy. The NIC is asked for the result, and the open takes it over when the
/// NIC has done it: all or nothing.
///
/// - Source: `NDIS.docc/OIDs.md` section 2
struct Hearing: Sendable {
  /// The kinds of destinations.
  var packetFilter: PacketFilter
  /// The groups of the multicast list.
  var groups: GroupList

  /// Whether a SET of this OID changes what is received.
  static func isChanged(by oid: OID) -> Bool {
    [.currentPacketFilter, .multicastList, .addMulticastAddress, .deleteMulticastAddress]
      .contains(oid)
  }

  /// What the card has to let through.
  var memberships: MembershipSet {
    var set = MembershipSet()
    set.isPromiscuous = packetFilter.contains(.promiscuous)
    set.hearsAllGroups = packetFilter.contains(.allMulticast)
    if packetFilter.contains(.multicast) { set.groups = Set(groups.addresses) }
    return set
  }

  /// Applies a SET, or leaves everything unchanged.
  ///
  /// - Parameters:
  ///   - oid: one that `isChanged(by:)` knows
  ///   - value: the bytes of the value
  ///   - access: what the open may do
  /// - Throws: why it is refused
  mutating func set(_ oid: OID, to value: [UInt8], _ access: AccessGrant) throws(OIDFailure) {
    switch oid {
    case .currentPacketFilter: packetFilter = try Self.packetFilter(value, access)
    case .multicastList: groups = try Self.list(value)
    case .addMulticastAddress: try groups.add(Self.address(value))
    case .deleteMulticastAddress: try groups.remove(Self.address(value))
    default: throw OIDFailure(.notSupported)
    }
  }

  private static func packetFilter(
    _ value: [UInt8], _ access: AccessGrant
  ) throws(OIDFailure) -> PacketFilter {
    let wanted = PacketFilter(rawValue: try UInt32(oidValue: value))
    guard wanted.subtracting(.supported).isEmpty else { throw OIDFailure(.notSupported) }
    guard !wanted.contains(.promiscuous) || access.rights.contains(.promiscuous)
    else {
      throw OIDFailure(access.refusal(ofAnyOf: .promiscuous))
    }
    return wanted
  }

  private static func list(_ value: [UInt8]) throws(OIDFailure) -> GroupList {
    guard value.count % 6 == 0 else { throw OIDFailure(.invalidLength) }
    var list = GroupList()
    for start in stride(from: 0, to: value.count, by: 6) {
      let group = try address(Array(value[start..<start + 6]))
      // An address that occurs twice in the list is added once.
      if !list.contains(group) { try list.add(group) }
    }
    return list
  }

  private static func address(_ value: [UInt8]) throws(OIDFailure) -> MACAddress {
    guard value.count == 6 else { throw OIDFailure(.invalidLength, bytesNeeded: 6) }
    return MACAddress([value[0], value[1], value[2], value[3], value[4], value[5]])
  }
}

extension UInt32 {
  /// The value of an OID that is a number of four octets.
  init(oidValue value: [UInt8]) throws(OIDFailure) {
    guard value.count == 4 else { throw OIDFailure(.invalidLength, bytesNeeded: 4) }
    self = value.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}

extension GroupList {
  fileprivate mutating func add(_ group: MACAddress) throws(OIDFailure) {
    guard insert(group) else { throw OIDFailure(.multicastFull) }
  }

  fileprivate mutating func remove(_ group: MACAddress) throws(OIDFailure) {
    guard giveBack(group) else { throw OIDFailure(.multicastNotFound) }
  }
}
