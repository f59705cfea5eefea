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
    switch oid {
    case .currentPacketFilter: try setPacketFilter(value)
    case .multicastList: try setMulticastList(value)
    default: throw OIDFailure(.notSupported)
    }
  }

  private func checkUsable(_ port: UInt32) throws(OIDFailure) {
    guard !isDead, binding.snapshot.isActive else { throw OIDFailure(.notBound) }
    guard port == 0 else { throw OIDFailure(.invalidPort) }
  }

  private func value(of oid: OID) -> [UInt8] {
    let attributes = binding.snapshot.attributes
    switch oid {
    case .supportedList: return OID.supported.flatMap { bytes($0.oid.rawValue) }
    case .maximumFrameSize: return bytes(attributes.mtu)
    case .currentPacketFilter: return bytes(filter.packetFilter.rawValue)
    case .currentAddress: return octets(of: attributes.address)
    case .multicastList: return multicastList.flatMap(octets(of:))
    default: return []
    }
  }

  private func setPacketFilter(_ value: [UInt8]) throws(OIDFailure) {
    guard value.count == 4 else { throw OIDFailure(.invalidLength, bytesNeeded: 4) }
    var number: UInt32 = 0
    for byte in value.reversed() { number = number << 8 | UInt32(byte) }
    let wanted = PacketFilter(rawValue: number)
    // Promiscuous needs the interface's own mode as well, which comes with the membership socket.
    guard wanted.subtracting(.supported).isEmpty, !wanted.contains(.promiscuous) else {
      throw OIDFailure(.notSupported)
    }
    filter.packetFilter = wanted
  }

  private func setMulticastList(_ value: [UInt8]) throws(OIDFailure) {
    guard value.count % 6 == 0 else { throw OIDFailure(.invalidLength) }
    var list: [MACAddress] = []
    for start in stride(from: 0, to: value.count, by: 6) {
      let address = MACAddress([
        value[start], value[start + 1], value[start + 2], value[start + 3], value[start + 4],
        value[start + 5],
      ])
      guard address.isMulticast else { throw OIDFailure(.multicastFull) }
      if !list.contains(address) { list.append(address) }
    }
    guard list.count <= 32 else { throw OIDFailure(.multicastFull) }
    multicastList = list
    filter.setGroups(list)
  }
}

private func bytes(_ number: UInt32) -> [UInt8] {
  (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
}

private func octets(of address: MACAddress) -> [UInt8] {
  (0..<6).map { address.octets[$0] }
}
