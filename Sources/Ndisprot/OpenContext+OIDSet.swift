internal import MDL
internal import NDIS

// What a client may set: properties of its own open (`spec/ndisprot-semantics.md` section 11.3).

extension OpenContext {
  /// Changes what the open is like; what the card has to do about it is the caller's.
  func set(_ oid: OID, to value: [UInt8]) throws(OIDFailure) {
    switch oid {
    case .currentPacketFilter: try setPacketFilter(value)
    case .currentLookahead: try setLookahead(value)
    case .protocolOptions: try setProtocolOptions(value)
    case .multicastList: try setMulticastList(value)
    case .addMulticastAddress:
      try changeGroups { list throws(OIDFailure) in try list.add(address(value)) }
    case .deleteMulticastAddress:
      try changeGroups { list throws(OIDFailure) in try list.remove(address(value)) }
    default: throw OIDFailure(.notSupported)
    }
  }

  private func setPacketFilter(_ value: [UInt8]) throws(OIDFailure) {
    let wanted = PacketFilter(rawValue: try number(value))
    guard wanted.subtracting(.supported).isEmpty else { throw OIDFailure(.notSupported) }
    guard !wanted.contains(.promiscuous) || filter.access.rights.contains(.promiscuous) else {
      throw OIDFailure(.notPermitted)
    }
    filter.packetFilter = wanted
  }

  private func setLookahead(_ value: [UInt8]) throws(OIDFailure) {
    let wanted = try number(value)
    guard wanted > 0, wanted <= binding.snapshot.attributes.mtu else {
      throw OIDFailure(.invalidParameter)
    }
    lookahead = wanted
  }

  /// NDIS_PROT_OPTION_NO_LOOPBACK is the one that means something here.
  private func setProtocolOptions(_ value: [UInt8]) throws(OIDFailure) {
    let wanted = try number(value)
    guard wanted & ~0x2 == 0 else { throw OIDFailure(.notSupported) }
    loopsBack = options.loopsBack && wanted & 0x2 == 0
  }

  private func setMulticastList(_ value: [UInt8]) throws(OIDFailure) {
    guard value.count % 6 == 0 else { throw OIDFailure(.invalidLength) }
    try changeGroups { list throws(OIDFailure) in
      list = GroupList()
      for start in stride(from: 0, to: value.count, by: 6) {
        let group = try address(Array(value[start..<start + 6]))
        // Said twice in one list it is in it once.
        if !list.contains(group) { try list.add(group) }
      }
    }
  }

  /// Changes the list and the filter together, or neither.
  private func changeGroups(
    _ change: (inout GroupList) throws(OIDFailure) -> Void
  ) throws(OIDFailure) {
    var list = groups
    try change(&list)
    groups = list
    filter.setGroups(list.addresses)
  }
}

private func number(_ value: [UInt8]) throws(OIDFailure) -> UInt32 {
  guard value.count == 4 else { throw OIDFailure(.invalidLength, bytesNeeded: 4) }
  return value.reversed().reduce(0) { $0 << 8 | UInt32($1) }
}

private func address(_ value: [UInt8]) throws(OIDFailure) -> MACAddress {
  guard value.count == 6 else { throw OIDFailure(.invalidLength, bytesNeeded: 6) }
  return MACAddress([value[0], value[1], value[2], value[3], value[4], value[5]])
}

extension GroupList {
  fileprivate mutating func add(_ group: MACAddress) throws(OIDFailure) {
    guard insert(group) else { throw OIDFailure(.multicastFull) }
  }

  fileprivate mutating func remove(_ group: MACAddress) throws(OIDFailure) {
    guard giveBack(group) else { throw OIDFailure(.multicastNotFound) }
  }
}
