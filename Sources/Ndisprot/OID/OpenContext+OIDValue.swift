internal import MDL
public import NDIS

// The answers to queries (`NDIS.docc/OIDs.md` section 2): what rtnetlink last reported, what the
// open knows, and the facts that the NIC was queried for.

extension OpenContext {
  /// The bytes of a value (rules E-1, E-5, E-9), with facts of the kinds that its description
  /// names.
  func value(of oid: OID, _ facts: AdapterFacts) -> [UInt8] {
    if let number = number(of: oid) { return bytes(number) }
    // Taken once: a snapshot copies everything known of the interface.
    let snapshot = binding.snapshot
    return switch oid {
    case .supportedList: OID.supported.flatMap { bytes($0.oid.rawValue) }
    case .multicastList: groups.addresses.flatMap(octets(of:))
    default:
      snapshot.value(of: oid) ?? facts.link.value(of: oid, snapshot.attributes.link)
        ?? facts.value(of: oid) ?? []
    }
  }

  /// A value that is a number of four bytes, as most are, and known without asking; nil for another OID.
  private func number(of oid: OID) -> UInt32? {
    switch oid {
    case .currentPacketFilter: filter.packetFilter.rawValue
    case .currentLookahead: lookahead ?? binding.number(of: .maximumLookahead)
    case .maximumListSize: UInt32(GroupList.capacity)
    default: binding.number(of: oid)
    }
  }

  /// The answer to a query of ``perform(_:port:for:_:)``, if it is a number that the binding knows and the
  /// query is in order; nil if it takes that way.
  ///
  /// Most queries are for such numbers. They need no parcel, no closure and no array.
  /// - Thread: the loop that has the session
  public func knownNumber(_ query: OIDRequest.Query, port: UInt32) -> UInt32? {
    guard query.room >= 4, port == 0, !isDead else { return nil }
    return binding.activeNumber(of: query.oid)
  }
}

extension AdapterBinding.Shared {
  /// A number of four bytes that is known of the interface and the binding without asking; nil for
  /// other OIDs.
  func number(of oid: OID) -> UInt32? {
    switch oid {
    case .hardwareStatus: machine.state == .closing ? 3 : machine.isPowered ? 0 : 4
    case .mediaSupported, .mediaInUse, .ethernetMacOptions: 0
    case .maximumLookahead, .maximumFrameSize: attributes.mtu
    case .transmitBufferSpace: attributes.transmitBufferByteCount
    case .transmitBlockSize, .receiveBlockSize, .maximumTotalSize:
      attributes.maximumTotalByteCount
    // COPY_LOOKAHEAD_DATA, TRANSFERS_NOT_PEND, NO_LOOPBACK, 8021P_PRIORITY (E-11).
    case .macOptions: 0x1 | 0x4 | 0x8 | 0x40
    case .mediaConnectStatus: attributes.link == .connected ? 0 : 1
    case .maximumSendPackets: 1
    // 0.1, as --version says.
    case .vendorDriverVersion: 0 << 16 | 1
    case .physicalMedium, .physicalMediumEx: attributes.details.physicalMedium
    case .vlanID: UInt32(attributes.details.vlanID)
    case .operationalStatus: attributes.details.operationalStatus
    case .adminStatus: attributes.isUp ? 1 : 2
    case .mediaConnectStatusEx: attributes.link.rawValue
    case .initTimeMS: UInt32(clamping: (bindNanoseconds &+ 999_999) / 1_000_000)
    case .resetCounts: resetCount
    case .mediaSenseCounts: carrierChangeCount
    default: nil
    }
  }
}

extension AdapterBinding.Snapshot {
  /// What else is known of the interface and the binding without a query; nil for other OIDs.
  fileprivate func value(of oid: OID) -> [UInt8]? {
    switch oid {
    case .vendorID: attributes.vendorID
    case .vendorDescription: Array((attributes.driver ?? "").utf8) + [0]
    case .driverVersion: [0x1E, 0x06]
    case .interruptModeration: [0x80, 1, 12, 0] + bytes(0) + bytes(1)
    case .promiscuousMode: [attributes.details.promiscuity > 0 ? 1 : 0]
    case .alias: text(attributes.details.alias ?? attributes.name.text)
    case .friendlyName: text(attributes.description)
    case .permanentAddress: octets(of: attributes.details.permanentAddress ?? attributes.address)
    case .currentAddress: octets(of: attributes.address)
    default: nil
    }
  }
}

extension AdapterAttributes {
  /// The longest frame, header included.
  fileprivate var maximumTotalByteCount: UInt32 {
    mtu.addingReportingOverflow(14).overflow ? .max : mtu &+ 14
  }

  /// The most bytes that the interface's own queue holds.
  fileprivate var transmitBufferByteCount: UInt32 {
    let (product, isTooMuch) = details.transmitQueueLength.multipliedReportingOverflow(
      by: maximumTotalByteCount)
    return isTooMuch ? .max : product
  }

  /// The first three octets and a zero, unless the address is a random one.
  fileprivate var vendorID: [UInt8] {
    let isMadeUp = address.octets[0] & 2 != 0
    return (isMadeUp ? [0xFF, 0xFF, 0xFF] : Array(octets(of: address).prefix(3))) + [0]
  }
}

extension LinkDetails {
  /// NDIS_PHYSICAL_MEDIUM (E-9).
  fileprivate var physicalMedium: UInt32 {
    if isWireless { return 9 }
    return kind == nil ? 14 : 0
  }

  /// NET_IF_OPER_STATUS, of the kernel's IF_OPER_….
  fileprivate var operationalStatus: UInt32 {
    switch operationalState {
    case 6: 1
    case 2: 2
    case 4: 3
    case 5: 5
    case 1: 6
    case 3: 7
    default: 4
    }
  }
}

private func bytes(_ number: UInt32) -> [UInt8] { [UInt8](littleEndian: number) }

private func octets(of address: MACAddress) -> [UInt8] {
  (0..<6).map { address.octets[$0] }
}

private func text(_ text: String) -> [UInt8] {
  (Array(text.utf16) + [0]).flatMap {
    [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)]
  }
}
