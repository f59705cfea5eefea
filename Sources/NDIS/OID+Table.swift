extension OID {
  /// What the bytes of a value mean.
  public enum Format: Sendable {
    /// A little-endian number of 1, 2, 4 or 8 bytes.
    case number
    /// A count of 8 bytes, or its lower 4 for a client with room for only 4 (rule E-2).
    case counter
    /// Speeds of 8 bytes each, in bit/s; all ones if unknown.
    case speeds
    /// NDIS_PACKET_TYPE_…
    case packetFilter
    /// One address.
    case address
    /// A sequence of addresses.
    case addresses
    /// A sequence of OIDs.
    case oids
    /// UTF-16LE up to a NUL.
    case text
    /// Bytes of text up to a NUL.
    case ansi
    /// NDIS_LINK_STATE.
    case linkState
    /// NDIS_STATISTICS_INFO.
    case statistics
    /// A structure, or an unknown format.
    case bytes
  }

  /// Whether and how an OID can be used.
  public struct Description: Sendable {
    /// The number.
    public let oid: OID
    /// The name of ntddndis.h.
    public let name: String
    /// Whether its value can be queried.
    public let canQuery: Bool
    /// Whether its value can be set.
    public let canSet: Bool
    /// What its bytes mean.
    public let format: Format
    /// What has to be queried for an answer; empty if rtnetlink's reports or the open are enough.
    public let facts: AdapterFacts.Kinds

    fileprivate init(
      _ oid: OID, _ name: String, _ access: Access, _ format: Format,
      _ facts: AdapterFacts.Kinds = []
    ) {
      self.oid = oid
      self.name = name
      canQuery = access != .set
      canSet = access != .query
      self.format = format
      self.facts = facts
    }
  }

  /// What a request may do with a value.
  fileprivate enum Access {
    case query
    case set
    case both
  }

  /// Every supported OID, ascending: the value of OID_GEN_SUPPORTED_LIST.
  public static let supported: [Description] = [
    Description(.supportedList, "OID_GEN_SUPPORTED_LIST", .query, .oids),
    Description(.hardwareStatus, "OID_GEN_HARDWARE_STATUS", .query, .number),
    Description(.mediaSupported, "OID_GEN_MEDIA_SUPPORTED", .query, .number),
    Description(.mediaInUse, "OID_GEN_MEDIA_IN_USE", .query, .number),
    Description(.maximumLookahead, "OID_GEN_MAXIMUM_LOOKAHEAD", .query, .number),
    Description(.maximumFrameSize, "OID_GEN_MAXIMUM_FRAME_SIZE", .query, .number),
    Description(.linkSpeed, "OID_GEN_LINK_SPEED", .query, .number, .link),
    Description(.transmitBufferSpace, "OID_GEN_TRANSMIT_BUFFER_SPACE", .query, .number),
    Description(.receiveBufferSpace, "OID_GEN_RECEIVE_BUFFER_SPACE", .query, .number, .traffic),
    Description(.transmitBlockSize, "OID_GEN_TRANSMIT_BLOCK_SIZE", .query, .number),
    Description(.receiveBlockSize, "OID_GEN_RECEIVE_BLOCK_SIZE", .query, .number),
    Description(.vendorID, "OID_GEN_VENDOR_ID", .query, .bytes),
    Description(.vendorDescription, "OID_GEN_VENDOR_DESCRIPTION", .query, .ansi),
    Description(.currentPacketFilter, "OID_GEN_CURRENT_PACKET_FILTER", .both, .packetFilter),
    Description(.currentLookahead, "OID_GEN_CURRENT_LOOKAHEAD", .both, .number),
    Description(.driverVersion, "OID_GEN_DRIVER_VERSION", .query, .number),
    Description(.maximumTotalSize, "OID_GEN_MAXIMUM_TOTAL_SIZE", .query, .number),
    Description(.protocolOptions, "OID_GEN_PROTOCOL_OPTIONS", .set, .number),
    Description(.macOptions, "OID_GEN_MAC_OPTIONS", .query, .number),
    Description(.mediaConnectStatus, "OID_GEN_MEDIA_CONNECT_STATUS", .query, .number),
    Description(.maximumSendPackets, "OID_GEN_MAXIMUM_SEND_PACKETS", .query, .number),
    Description(.vendorDriverVersion, "OID_GEN_VENDOR_DRIVER_VERSION", .query, .number),
    Description(.physicalMedium, "OID_GEN_PHYSICAL_MEDIUM", .query, .number),
    Description(.maxLinkSpeed, "OID_GEN_MAX_LINK_SPEED", .query, .speeds, .link),
    Description(.linkState, "OID_GEN_LINK_STATE", .query, .linkState, .link),
    Description(.interruptModeration, "OID_GEN_INTERRUPT_MODERATION", .query, .bytes),
    Description(.physicalMediumEx, "OID_GEN_PHYSICAL_MEDIUM_EX", .query, .number),
    Description(.vlanID, "OID_GEN_VLAN_ID", .query, .number),
    Description(.promiscuousMode, "OID_GEN_PROMISCUOUS_MODE", .query, .number),
    Description(.operationalStatus, "OID_GEN_OPERATIONAL_STATUS", .query, .number),
    Description(.xmitLinkSpeed, "OID_GEN_XMIT_LINK_SPEED", .query, .speeds, .link),
    Description(.rcvLinkSpeed, "OID_GEN_RCV_LINK_SPEED", .query, .speeds, .link),
    Description(.adminStatus, "OID_GEN_ADMIN_STATUS", .query, .number),
    Description(.alias, "OID_GEN_ALIAS", .query, .text),
    Description(.mediaConnectStatusEx, "OID_GEN_MEDIA_CONNECT_STATUS_EX", .query, .number),
    Description(.linkSpeedEx, "OID_GEN_LINK_SPEED_EX", .query, .speeds, .link),
    Description(.mediaDuplexState, "OID_GEN_MEDIA_DUPLEX_STATE", .query, .number, .link),
    Description(.xmitOK, "OID_GEN_XMIT_OK", .query, .counter, .statistics),
    Description(.rcvOK, "OID_GEN_RCV_OK", .query, .counter, .statistics),
    Description(.xmitError, "OID_GEN_XMIT_ERROR", .query, .counter, .statistics),
    Description(.rcvError, "OID_GEN_RCV_ERROR", .query, .counter, .statistics),
    Description(.rcvNoBuffer, "OID_GEN_RCV_NO_BUFFER", .query, .counter, [.statistics, .traffic]),
    Description(.statistics, "OID_GEN_STATISTICS", .query, .statistics, .statistics),
    Description(.directedBytesXmit, "OID_GEN_DIRECTED_BYTES_XMIT", .query, .counter, .traffic),
    Description(.directedFramesXmit, "OID_GEN_DIRECTED_FRAMES_XMIT", .query, .counter, .traffic),
    Description(.multicastBytesXmit, "OID_GEN_MULTICAST_BYTES_XMIT", .query, .counter, .traffic),
    Description(.multicastFramesXmit, "OID_GEN_MULTICAST_FRAMES_XMIT", .query, .counter, .traffic),
    Description(.broadcastBytesXmit, "OID_GEN_BROADCAST_BYTES_XMIT", .query, .counter, .traffic),
    Description(.broadcastFramesXmit, "OID_GEN_BROADCAST_FRAMES_XMIT", .query, .counter, .traffic),
    Description(.directedBytesRcv, "OID_GEN_DIRECTED_BYTES_RCV", .query, .counter, .traffic),
    Description(.directedFramesRcv, "OID_GEN_DIRECTED_FRAMES_RCV", .query, .counter, .traffic),
    Description(.multicastBytesRcv, "OID_GEN_MULTICAST_BYTES_RCV", .query, .counter, .traffic),
    Description(.multicastFramesRcv, "OID_GEN_MULTICAST_FRAMES_RCV", .query, .counter, .traffic),
    Description(.broadcastBytesRcv, "OID_GEN_BROADCAST_BYTES_RCV", .query, .counter, .traffic),
    Description(.broadcastFramesRcv, "OID_GEN_BROADCAST_FRAMES_RCV", .query, .counter, .traffic),
    Description(.rcvCRCError, "OID_GEN_RCV_CRC_ERROR", .query, .counter, .statistics),
    Description(.transmitQueueLength, "OID_GEN_TRANSMIT_QUEUE_LENGTH", .query, .counter, .traffic),
    Description(.initTimeMS, "OID_GEN_INIT_TIME_MS", .query, .number),
    Description(.resetCounts, "OID_GEN_RESET_COUNTS", .query, .number),
    Description(.mediaSenseCounts, "OID_GEN_MEDIA_SENSE_COUNTS", .query, .number),
    Description(.friendlyName, "OID_GEN_FRIENDLY_NAME", .query, .text),
    Description(.bytesRcv, "OID_GEN_BYTES_RCV", .query, .counter, .statistics),
    Description(.bytesXmit, "OID_GEN_BYTES_XMIT", .query, .counter, .statistics),
    Description(.rcvDiscards, "OID_GEN_RCV_DISCARDS", .query, .counter, .statistics),
    Description(.xmitDiscards, "OID_GEN_XMIT_DISCARDS", .query, .counter, .statistics),
    Description(.permanentAddress, "OID_802_3_PERMANENT_ADDRESS", .query, .address),
    Description(.currentAddress, "OID_802_3_CURRENT_ADDRESS", .query, .address),
    Description(.multicastList, "OID_802_3_MULTICAST_LIST", .both, .addresses),
    Description(.maximumListSize, "OID_802_3_MAXIMUM_LIST_SIZE", .query, .number),
    Description(.ethernetMacOptions, "OID_802_3_MAC_OPTIONS", .query, .number),
    Description(.addMulticastAddress, "OID_802_3_ADD_MULTICAST_ADDRESS", .set, .address),
    Description(.deleteMulticastAddress, "OID_802_3_DELETE_MULTICAST_ADDRESS", .set, .address),
    Description(.rcvErrorAlignment, "OID_802_3_RCV_ERROR_ALIGNMENT", .query, .number, .statistics),
    Description(.xmitOneCollision, "OID_802_3_XMIT_ONE_COLLISION", .query, .number),
    Description(
      .xmitMoreCollisions, "OID_802_3_XMIT_MORE_COLLISIONS", .query, .number, .statistics),
    Description(.xmitDeferred, "OID_802_3_XMIT_DEFERRED", .query, .number),
    Description(.xmitMaxCollisions, "OID_802_3_XMIT_MAX_COLLISIONS", .query, .number, .statistics),
    Description(.rcvOverrun, "OID_802_3_RCV_OVERRUN", .query, .number, .statistics),
    Description(.xmitUnderrun, "OID_802_3_XMIT_UNDERRUN", .query, .number, .statistics),
    Description(
      .xmitHeartbeatFailure, "OID_802_3_XMIT_HEARTBEAT_FAILURE", .query, .number, .statistics),
    Description(.xmitTimesCRSLost, "OID_802_3_XMIT_TIMES_CRS_LOST", .query, .number, .statistics),
    Description(
      .xmitLateCollisions, "OID_802_3_XMIT_LATE_COLLISIONS", .query, .number, .statistics),
  ]
}
