extension OID {
  /// What the bytes of a value mean.
  public enum Format: Sendable {
    /// A little-endian number of 1, 2, 4 or 8 bytes.
    case number
    /// NDIS_PACKET_TYPE_…
    case packetFilter
    /// One address.
    case address
    /// Addresses, one behind the other.
    case addresses
    /// OIDs, one behind the other.
    case oids
    /// UTF-16LE up to a NUL.
    case text
    /// A structure, or nobody here knows.
    case bytes
  }

  /// Whether and how an OID can be used.
  public struct Description: Sendable {
    /// The number.
    public let oid: OID
    /// The name of ntddndis.h.
    public let name: String
    /// Whether its value can be asked for.
    public let canQuery: Bool
    /// Whether its value can be set.
    public let canSet: Bool
    /// What its bytes mean.
    public let format: Format

    fileprivate init(_ oid: OID, _ name: String, _ access: Access, _ format: Format) {
      self.oid = oid
      self.name = name
      canQuery = access != .set
      canSet = access != .query
      self.format = format
    }
  }

  /// What a request may do with a value.
  fileprivate enum Access {
    case query
    case set
    case both
  }

  /// Every OID that means something here, ascending: what OID_GEN_SUPPORTED_LIST answers.
  public static let supported: [Description] = [
    Description(.supportedList, "OID_GEN_SUPPORTED_LIST", .query, .oids),
    Description(.hardwareStatus, "OID_GEN_HARDWARE_STATUS", .query, .number),
    Description(.mediaSupported, "OID_GEN_MEDIA_SUPPORTED", .query, .number),
    Description(.mediaInUse, "OID_GEN_MEDIA_IN_USE", .query, .number),
    Description(.maximumLookahead, "OID_GEN_MAXIMUM_LOOKAHEAD", .query, .number),
    Description(.maximumFrameSize, "OID_GEN_MAXIMUM_FRAME_SIZE", .query, .number),
    Description(.transmitBufferSpace, "OID_GEN_TRANSMIT_BUFFER_SPACE", .query, .number),
    Description(.transmitBlockSize, "OID_GEN_TRANSMIT_BLOCK_SIZE", .query, .number),
    Description(.receiveBlockSize, "OID_GEN_RECEIVE_BLOCK_SIZE", .query, .number),
    Description(.vendorID, "OID_GEN_VENDOR_ID", .query, .bytes),
    Description(.currentPacketFilter, "OID_GEN_CURRENT_PACKET_FILTER", .both, .packetFilter),
    Description(.currentLookahead, "OID_GEN_CURRENT_LOOKAHEAD", .both, .number),
    Description(.driverVersion, "OID_GEN_DRIVER_VERSION", .query, .number),
    Description(.maximumTotalSize, "OID_GEN_MAXIMUM_TOTAL_SIZE", .query, .number),
    Description(.protocolOptions, "OID_GEN_PROTOCOL_OPTIONS", .set, .number),
    Description(.macOptions, "OID_GEN_MAC_OPTIONS", .query, .number),
    Description(.mediaConnectStatus, "OID_GEN_MEDIA_CONNECT_STATUS", .query, .number),
    Description(.maximumSendPackets, "OID_GEN_MAXIMUM_SEND_PACKETS", .query, .number),
    Description(.interruptModeration, "OID_GEN_INTERRUPT_MODERATION", .query, .bytes),
    Description(.vlanID, "OID_GEN_VLAN_ID", .query, .number),
    Description(.promiscuousMode, "OID_GEN_PROMISCUOUS_MODE", .query, .number),
    Description(.operationalStatus, "OID_GEN_OPERATIONAL_STATUS", .query, .number),
    Description(.adminStatus, "OID_GEN_ADMIN_STATUS", .query, .number),
    Description(.alias, "OID_GEN_ALIAS", .query, .text),
    Description(.mediaConnectStatusEx, "OID_GEN_MEDIA_CONNECT_STATUS_EX", .query, .number),
    Description(.mediaSenseCounts, "OID_GEN_MEDIA_SENSE_COUNTS", .query, .number),
    Description(.friendlyName, "OID_GEN_FRIENDLY_NAME", .query, .text),
    Description(.permanentAddress, "OID_802_3_PERMANENT_ADDRESS", .query, .address),
    Description(.currentAddress, "OID_802_3_CURRENT_ADDRESS", .query, .address),
    Description(.multicastList, "OID_802_3_MULTICAST_LIST", .both, .addresses),
    Description(.maximumListSize, "OID_802_3_MAXIMUM_LIST_SIZE", .query, .number),
    Description(.ethernetMacOptions, "OID_802_3_MAC_OPTIONS", .query, .number),
    Description(.addMulticastAddress, "OID_802_3_ADD_MULTICAST_ADDRESS", .set, .address),
    Description(.deleteMulticastAddress, "OID_802_3_DELETE_MULTICAST_ADDRESS", .set, .address),
  ]
}
