internal import MDL
internal import NDIS

// The answers to queries (`NDIS.docc/OIDs.md` section 2): what rtnetlink last reported, what the
// open knows, and the facts that the NIC was queried for.

extension OpenContext {
  /// The bytes of a value (rules E-1, E-5, E-9), with facts of the kinds that its description
  /// names.
  func value(of oid: OID, _ facts: AdapterFacts) -> [UInt8] {
    // Taken once: a snapshot copies everything known of the interface.
    let snapshot = binding.snapshot
    return switch oid {
    case .supportedList: OID.supported.flatMap { bytes($0.oid.rawValue) }
    case .currentPacketFilter: bytes(filter.packetFilter.rawValue)
    case .currentLookahead: bytes(lookahead ?? snapshot.attributes.mtu)
    case .multicastList: groups.addresses.flatMap(octets(of:))
    case .maximumListSize: bytes(UInt32(GroupList.capacity))
    default:
      snapshot.value(of: oid) ?? facts.link.value(of: oid, snapshot.attributes.link)
        ?? facts.value(of: oid) ?? []
    }
  }
}

extension AdapterBinding.Snapshot {
  /// What is known of the interface and the binding without a query; nil for other OIDs.
  fileprivate func value(of oid: OID) -> [UInt8]? {
    switch oid {
    case .hardwareStatus: bytes(state == .closing ? 3 : isPowered ? 0 : 4)
    case .mediaSupported, .mediaInUse, .ethernetMacOptions: bytes(0)
    case .maximumLookahead, .maximumFrameSize: bytes(attributes.mtu)
    case .transmitBufferSpace: bytes(attributes.transmitBufferByteCount)
    case .transmitBlockSize, .receiveBlockSize, .maximumTotalSize:
      bytes(attributes.maximumTotalByteCount)
    case .vendorID: attributes.vendorID
    case .vendorDescription: Array((attributes.driver ?? "").utf8) + [0]
    case .driverVersion: [0x1E, 0x06]
    // COPY_LOOKAHEAD_DATA, TRANSFERS_NOT_PEND, NO_LOOPBACK, 8021P_PRIORITY (E-11).
    case .macOptions: bytes(0x1 | 0x4 | 0x8 | 0x40)
    case .mediaConnectStatus: bytes(attributes.link == .connected ? 0 : 1)
    case .maximumSendPackets: bytes(1)
    // 0.1, as --version says.
    case .vendorDriverVersion: bytes(0 << 16 | 1)
    case .physicalMedium, .physicalMediumEx: bytes(attributes.details.physicalMedium)
    case .interruptModeration: [0x80, 1, 12, 0] + bytes(0) + bytes(1)
    case .vlanID: bytes(UInt32(attributes.details.vlanID))
    case .promiscuousMode: [attributes.details.promiscuity > 0 ? 1 : 0]
    case .operationalStatus: bytes(attributes.details.operationalStatus)
    case .adminStatus: bytes(attributes.isUp ? 1 : 2)
    case .alias: text(attributes.details.alias ?? attributes.name.text)
    case .mediaConnectStatusEx: bytes(attributes.link.rawValue)
    case .initTimeMS: bytes(UInt32(clamping: (bindNanoseconds &+ 999_999) / 1_000_000))
    case .resetCounts: bytes(resetCount)
    case .mediaSenseCounts: bytes(carrierChangeCount)
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
