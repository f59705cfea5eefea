internal import MDL
public import NDIS

/// Why an OID request failed, and how many bytes it would have needed.
private struct OIDFailure: Error {
  /// The row of the table.
  let completion: CompletionStatus
  /// Bytes of the value, 0 if more room would not have helped.
  let bytesNeeded: Int

  init(_ completion: CompletionStatus, bytesNeeded: Int = 0) {
    self.completion = completion
    self.bytesNeeded = bytesNeeded
  }
}

// OID requests: ndisprotQueryOidValue and ndisprotSetOidValue of the sample. Values come from what
// rtnetlink last said, or from the open itself; no call to the kernel is made.

extension OpenContext {
  /// Carries out a request and notes its byte counts in it (rules Q-28…Q-37, E-3, E-4).
  ///
  /// - Shape: integers little-endian, addresses in wire order
  /// - Returns: the row of the table, and the value that a query asked for
  public func perform(
    _ request: inout OIDRequest, port: UInt32
  ) -> (completion: CompletionStatus, value: [UInt8]) {
    request.resetLengths()
    do throws(OIDFailure) {
      switch request {
      case .query(let query):
        let value = try self.query(query.oid, port: port, room: query.room)
        request.setLengths(written: value.count)
        return (.success, value)
      case .set(let set):
        try self.set(set.oid, port: port, value: set.value)
        request.setLengths(read: set.value.count)
        return (.success, [])
      case .method:
        // No property here takes a value and answers with one.
        throw OIDFailure(.notSupported)
      }
    } catch {
      request.setLengths(needed: error.bytesNeeded)
      return (error.completion, [])
    }
  }

  private func query(_ oid: OID, port: UInt32, room: Int) throws(OIDFailure) -> [UInt8] {
    try checkUsable(port)
    guard let description = oid.description, description.canQuery else {
      throw OIDFailure(.notSupported)
    }
    let value = value(of: oid)
    guard value.count <= room else {
      throw OIDFailure(.bufferTooSmall, bytesNeeded: value.count)
    }
    return value
  }

  private func set(_ oid: OID, port: UInt32, value: [UInt8]) throws(OIDFailure) {
    // The list is looked at before the state, as the sample does.
    guard let description = oid.description else { throw OIDFailure(.notSupported) }
    guard description.canSet else { throw OIDFailure(.oidNotSettable) }
    try checkUsable(port)
    guard filter.access.rights.contains(.setOID) else { throw OIDFailure(.notPermitted) }
    try set(oid, to: value)
  }

  private func checkUsable(_ port: UInt32) throws(OIDFailure) {
    guard !isDead, binding.snapshot.isActive else { throw OIDFailure(.notBound) }
    guard port == 0 else { throw OIDFailure(.invalidPort) }
  }

  private func set(_ oid: OID, to value: [UInt8]) throws(OIDFailure) {
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
    // Promiscuous needs the interface's own mode as well, which comes with the membership socket.
    guard wanted.subtracting(.supported).isEmpty, !wanted.contains(.promiscuous) else {
      throw OIDFailure(.notSupported)
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
