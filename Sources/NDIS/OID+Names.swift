// The numbers of ntddndis.h that mean something here.

extension OID {
  /// The list of all OIDs that a query or a set answers; u32 each, ascending.
  public static let supportedList = OID(rawValue: 0x0001_0101)
  /// Whether the interface can work: 0 ready, 4 not; u32.
  public static let hardwareStatus = OID(rawValue: 0x0001_0102)
  /// The media it can have: 0, Ethernet; u32.
  public static let mediaSupported = OID(rawValue: 0x0001_0103)
  /// The media it has: 0, Ethernet; u32.
  public static let mediaInUse = OID(rawValue: 0x0001_0104)
  /// The most bytes of payload that an indication shows: the MTU; u32.
  public static let maximumLookahead = OID(rawValue: 0x0001_0105)
  /// The longest payload of a frame, without header; u32.
  public static let maximumFrameSize = OID(rawValue: 0x0001_0106)
  /// Bytes of the interface's own queue of frames to send; u32.
  public static let transmitBufferSpace = OID(rawValue: 0x0001_0108)
  /// The grain of that queue: the longest frame; u32.
  public static let transmitBlockSize = OID(rawValue: 0x0001_010A)
  /// The grain of received frames: the longest one; u32.
  public static let receiveBlockSize = OID(rawValue: 0x0001_010B)
  /// The maker's three octets and a zero; FF FF FF 00 of an address that nobody registered.
  public static let vendorID = OID(rawValue: 0x0001_010C)
  /// The packet filter of this open; u32, can be set.
  public static let currentPacketFilter = OID(rawValue: 0x0001_010E)
  /// What this open set, 1 to the MTU; u32, can be set, changes nothing.
  public static let currentLookahead = OID(rawValue: 0x0001_010F)
  /// The version of NDIS that is spoken, 6.30; u16.
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
  /// NDIS_INTERRUPT_MODERATION_PARAMETERS: not supported; 12 bytes.
  public static let interruptModeration = OID(rawValue: 0x0001_0209)
  /// The VLAN of an interface of kind vlan, else 0; u32.
  public static let vlanID = OID(rawValue: 0x0001_021C)
  /// Whether anybody made the interface promiscuous; 1 byte.
  public static let promiscuousMode = OID(rawValue: 0x0001_0280)
  /// NET_IF_OPER_STATUS, from 1 (up) to 7 (a layer below is down); u32.
  public static let operationalStatus = OID(rawValue: 0x0001_0283)
  /// 1 if the interface is administratively up, else 2; u32.
  public static let adminStatus = OID(rawValue: 0x0001_0288)
  /// What the administrator calls the interface, else its name; UTF-16LE, NUL.
  public static let alias = OID(rawValue: 0x0001_0289)
  /// NDIS_MEDIA_CONNECT_STATE: unknown 0, connected 1, disconnected 2; u32.
  public static let mediaConnectStatusEx = OID(rawValue: 0x0001_028A)
  /// How often the carrier came or went since the bind; u32.
  public static let mediaSenseCounts = OID(rawValue: 0x0002_0215)
  /// The description of the interface; UTF-16LE, NUL.
  public static let friendlyName = OID(rawValue: 0x0002_0216)
  /// The address that the maker gave, or the current one if none; 6 bytes.
  public static let permanentAddress = OID(rawValue: 0x0101_0101)
  /// The interface's address; 6 bytes.
  public static let currentAddress = OID(rawValue: 0x0101_0102)
  /// The groups this open hears; 6 bytes each, can be set, empty clears.
  public static let multicastList = OID(rawValue: 0x0101_0103)
  /// Groups that the list holds: 32; u32.
  public static let maximumListSize = OID(rawValue: 0x0101_0104)
  /// Options of an Ethernet adapter: none; u32.
  public static let ethernetMacOptions = OID(rawValue: 0x0101_0105)
  /// Adds a group, or one more use of it; 6 bytes, can only be set.
  public static let addMulticastAddress = OID(rawValue: 0x0101_0208)
  /// Gives one use of a group back; 6 bytes, can only be set.
  public static let deleteMulticastAddress = OID(rawValue: 0x0101_0209)
}
