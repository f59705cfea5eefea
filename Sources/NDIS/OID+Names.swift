// The supported numbers of ntddndis.h; counters are of 4 or 8 bytes (rule E-2).

extension OID {
  /// The list of all OIDs that can be queried or set; u32 each, ascending.
  public static let supportedList = OID(rawValue: 0x0001_0101)
  /// Whether the interface works: 0 ready, 4 not; u32.
  public static let hardwareStatus = OID(rawValue: 0x0001_0102)
  /// The supported media: 0, Ethernet; u32.
  public static let mediaSupported = OID(rawValue: 0x0001_0103)
  /// The media in use: 0, Ethernet; u32.
  public static let mediaInUse = OID(rawValue: 0x0001_0104)
  /// The most bytes of payload in an indication: the MTU; u32.
  public static let maximumLookahead = OID(rawValue: 0x0001_0105)
  /// The longest payload of a frame, without header; u32.
  public static let maximumFrameSize = OID(rawValue: 0x0001_0106)
  /// The speed in units of 100 bit/s, 0 if unknown; u32.
  public static let linkSpeed = OID(rawValue: 0x0001_0107)
  /// The size of the interface's own send queue in bytes; u32.
  public static let transmitBufferSpace = OID(rawValue: 0x0001_0108)
  /// Bytes of the capture ring; u32.
  public static let receiveBufferSpace = OID(rawValue: 0x0001_0109)
  /// The unit of that queue: the longest frame; u32.
  public static let transmitBlockSize = OID(rawValue: 0x0001_010A)
  /// The unit of received frames: the longest one; u32.
  public static let receiveBlockSize = OID(rawValue: 0x0001_010B)
  /// The vendor's three octets and a zero; FF FF FF 00 for an unregistered address.
  public static let vendorID = OID(rawValue: 0x0001_010C)
  /// The driver as `ethtool -i` shows it; ANSI, NUL.
  public static let vendorDescription = OID(rawValue: 0x0001_010D)
  /// The packet filter of this open; u32, can be set.
  public static let currentPacketFilter = OID(rawValue: 0x0001_010E)
  /// The value that this open set, 1 to the MTU; u32, can be set, has no effect.
  public static let currentLookahead = OID(rawValue: 0x0001_010F)
  /// The supported version of NDIS, 6.30; u16.
  public static let driverVersion = OID(rawValue: 0x0001_0110)
  /// The longest frame, header included; u32.
  public static let maximumTotalSize = OID(rawValue: 0x0001_0111)
  /// Bit 0x2: own frames are not looped back; u32, can only be set.
  public static let protocolOptions = OID(rawValue: 0x0001_0112)
  /// What the adapter does by itself, NDIS_MAC_OPTION_…; u32.
  public static let macOptions = OID(rawValue: 0x0001_0113)
  /// 0 with a carrier, 1 without: not the numbering of LINK_STATE; u32.
  public static let mediaConnectStatus = OID(rawValue: 0x0001_0114)
  /// Frames of one send: 1; u32.
  public static let maximumSendPackets = OID(rawValue: 0x0001_0115)
  /// The version of the daemon, major in the upper half; u32.
  public static let vendorDriverVersion = OID(rawValue: 0x0001_0116)
  /// NDIS_PHYSICAL_MEDIUM: 14 for a NIC, 9 Wi-Fi, 0 for a virtual interface; u32.
  public static let physicalMedium = OID(rawValue: 0x0001_0202)
  /// The highest speed of the NIC, bit/s; u64 each for sending and receiving.
  public static let maxLinkSpeed = OID(rawValue: 0x0001_0206)
  /// NDIS_LINK_STATE; 40 bytes.
  public static let linkState = OID(rawValue: 0x0001_0207)
  /// NDIS_INTERRUPT_MODERATION_PARAMETERS: not supported; 12 bytes.
  public static let interruptModeration = OID(rawValue: 0x0001_0209)
  /// As PHYSICAL_MEDIUM; u32.
  public static let physicalMediumEx = OID(rawValue: 0x0001_0213)
  /// The VLAN of an interface of kind vlan, else 0; u32.
  public static let vlanID = OID(rawValue: 0x0001_021C)
  /// Whether the interface is in promiscuous mode for any program; 1 byte.
  public static let promiscuousMode = OID(rawValue: 0x0001_0280)
  /// NET_IF_OPER_STATUS, from 1 (up) to 7 (a layer below is down); u32.
  public static let operationalStatus = OID(rawValue: 0x0001_0283)
  /// The send speed, bit/s; u64.
  public static let xmitLinkSpeed = OID(rawValue: 0x0001_0284)
  /// The receive speed, bit/s; u64.
  public static let rcvLinkSpeed = OID(rawValue: 0x0001_0285)
  /// 1 if the interface is administratively up, else 2; u32.
  public static let adminStatus = OID(rawValue: 0x0001_0288)
  /// The administrator's name for the interface, else its name; UTF-16LE, NUL.
  public static let alias = OID(rawValue: 0x0001_0289)
  /// NDIS_MEDIA_CONNECT_STATE: unknown 0, connected 1, disconnected 2; u32.
  public static let mediaConnectStatusEx = OID(rawValue: 0x0001_028A)
  /// The speed in bit/s; u64 each for sending and receiving.
  public static let linkSpeedEx = OID(rawValue: 0x0001_028B)
  /// NDIS_MEDIA_DUPLEX_STATE: unknown 0, half 1, full 2; u32.
  public static let mediaDuplexState = OID(rawValue: 0x0001_028C)
  /// Frames that the interface sent.
  public static let xmitOK = OID(rawValue: 0x0002_0101)
  /// Frames that it received.
  public static let rcvOK = OID(rawValue: 0x0002_0102)
  /// Frames that it could not send.
  public static let xmitError = OID(rawValue: 0x0002_0103)
  /// Bad frames that it received.
  public static let rcvError = OID(rawValue: 0x0002_0104)
  /// Frames lost for lack of room: in the kernel, and in the capture ring.
  public static let rcvNoBuffer = OID(rawValue: 0x0002_0105)
  /// NDIS_STATISTICS_INFO; 152 bytes.
  public static let statistics = OID(rawValue: 0x0002_0106)
  /// Bytes of unicast frames that the binding sent.
  public static let directedBytesXmit = OID(rawValue: 0x0002_0201)
  /// Unicast frames that the binding sent.
  public static let directedFramesXmit = OID(rawValue: 0x0002_0202)
  /// Bytes of multicast frames that the binding sent.
  public static let multicastBytesXmit = OID(rawValue: 0x0002_0203)
  /// Multicast frames that the binding sent.
  public static let multicastFramesXmit = OID(rawValue: 0x0002_0204)
  /// Bytes of broadcast frames that the binding sent.
  public static let broadcastBytesXmit = OID(rawValue: 0x0002_0205)
  /// Broadcast frames that the binding sent.
  public static let broadcastFramesXmit = OID(rawValue: 0x0002_0206)
  /// Bytes of unicast frames that the binding captured.
  public static let directedBytesRcv = OID(rawValue: 0x0002_0207)
  /// Unicast frames that the binding captured.
  public static let directedFramesRcv = OID(rawValue: 0x0002_0208)
  /// Bytes of multicast frames that the binding captured.
  public static let multicastBytesRcv = OID(rawValue: 0x0002_0209)
  /// Multicast frames that the binding captured.
  public static let multicastFramesRcv = OID(rawValue: 0x0002_020A)
  /// Bytes of broadcast frames that the binding captured.
  public static let broadcastBytesRcv = OID(rawValue: 0x0002_020B)
  /// Broadcast frames that the binding captured.
  public static let broadcastFramesRcv = OID(rawValue: 0x0002_020C)
  /// Frames with a wrong checksum.
  public static let rcvCRCError = OID(rawValue: 0x0002_020D)
  /// Frames of accepted writes that were not sent yet.
  public static let transmitQueueLength = OID(rawValue: 0x0002_020E)
  /// How long the bind took, in milliseconds, rounded up; u32.
  public static let initTimeMS = OID(rawValue: 0x0002_0213)
  /// How often the capture handle was reopened; u32.
  public static let resetCounts = OID(rawValue: 0x0002_0214)
  /// How often the carrier changed since the bind; u32.
  public static let mediaSenseCounts = OID(rawValue: 0x0002_0215)
  /// The description of the interface; UTF-16LE, NUL.
  public static let friendlyName = OID(rawValue: 0x0002_0216)
  /// Bytes that the interface received.
  public static let bytesRcv = OID(rawValue: 0x0002_0219)
  /// Bytes that it sent.
  public static let bytesXmit = OID(rawValue: 0x0002_021A)
  /// Good frames lost on reception.
  public static let rcvDiscards = OID(rawValue: 0x0002_021B)
  /// Frames dropped before they were sent.
  public static let xmitDiscards = OID(rawValue: 0x0002_021C)
  /// The permanent address, or the current one if there is none; 6 bytes.
  public static let permanentAddress = OID(rawValue: 0x0101_0101)
  /// The interface's address; 6 bytes.
  public static let currentAddress = OID(rawValue: 0x0101_0102)
  /// The groups that this open receives; 6 bytes each, can be set, empty clears.
  public static let multicastList = OID(rawValue: 0x0101_0103)
  /// The capacity of the group list: 32; u32.
  public static let maximumListSize = OID(rawValue: 0x0101_0104)
  /// Options of an Ethernet adapter: none; u32.
  public static let ethernetMacOptions = OID(rawValue: 0x0101_0105)
  /// Adds a group, or one more use of it; 6 bytes, can only be set.
  public static let addMulticastAddress = OID(rawValue: 0x0101_0208)
  /// Gives one use of a group back; 6 bytes, can only be set.
  public static let deleteMulticastAddress = OID(rawValue: 0x0101_0209)
  /// Frames with an incomplete last byte; u32.
  public static let rcvErrorAlignment = OID(rawValue: 0x0102_0101)
  /// Frames sent after one collision: 0, Linux does not count them separately; u32.
  public static let xmitOneCollision = OID(rawValue: 0x0102_0102)
  /// Collisions; u32.
  public static let xmitMoreCollisions = OID(rawValue: 0x0102_0103)
  /// Frames that had to wait: 0, Linux does not count them; u32.
  public static let xmitDeferred = OID(rawValue: 0x0102_0201)
  /// Frames given up after too many collisions; u32.
  public static let xmitMaxCollisions = OID(rawValue: 0x0102_0202)
  /// Frames for which the NIC had no room; u32.
  public static let rcvOverrun = OID(rawValue: 0x0102_0203)
  /// Frames that the host did not provide fast enough; u32.
  public static let xmitUnderrun = OID(rawValue: 0x0102_0204)
  /// Frames without a heartbeat; u32.
  public static let xmitHeartbeatFailure = OID(rawValue: 0x0102_0205)
  /// Frames that lost the carrier; u32.
  public static let xmitTimesCRSLost = OID(rawValue: 0x0102_0206)
  /// Frames with a late collision; u32.
  public static let xmitLateCollisions = OID(rawValue: 0x0102_0207)
}
