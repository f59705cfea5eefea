/// Whether the medium carries both directions at once.
///
/// - Windows: NET_IF_MEDIA_DUPLEX_STATE (E-9)
public enum MediaDuplexState: UInt32, Sendable {
  /// The driver does not report it.
  case unknown = 0
  /// One direction at a time.
  case half = 1
  /// Both at once.
  case full = 2
}

/// Which pause frames an adapter sends and obeys.
///
/// - Windows: NDIS_SUPPORTED_PAUSE_FUNCTIONS (E-9)
public enum PauseFunctions: UInt32, Sendable {
  /// None.
  case unsupported = 0
  /// Sends them.
  case sendOnly = 1
  /// Obeys them.
  case receiveOnly = 2
  /// Both.
  case sendAndReceive = 3
  /// The driver does not report it.
  case unknown = 4
}

/// Speed and mode of a link, as negotiated by the NIC.
///
/// - Windows: NDIS_LINK_STATE, NDIS_LINK_SPEED
public struct LinkSettings: Hashable, Sendable {
  /// What was negotiated as opposed to set.
  ///
  /// - Windows: NDIS_LINK_STATE_…_AUTO_NEGOTIATED
  public struct AutoNegotiation: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt32
    /// Wraps any bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Both speeds and the duplex state.
    public static let mode = AutoNegotiation(rawValue: 0x7)
    /// The pause functions.
    public static let pause = AutoNegotiation(rawValue: 0x8)
  }

  /// The value for an unknown speed.
  public static let unknownSpeed = UInt64.max

  /// Bits per second, in both directions.
  public var bitsPerSecond = unknownSpeed
  /// The highest speed of the NIC.
  public var maximumBitsPerSecond = unknownSpeed
  /// Whether both directions are used at once.
  public var duplex = MediaDuplexState.unknown
  /// Pause frames.
  public var pause = PauseFunctions.unknown
  /// What was negotiated.
  public var autoNegotiation: AutoNegotiation = []

  /// Creates unknown settings.
  public init() {}

  /// The structure of OID_GEN_LINK_STATE and NDIS_STATUS_LINK_STATE (rule E-6).
  ///
  /// - Shape: 40 bytes
  ///   ```
  ///    0 header 0x80, 1, u16 40    4 u32 MediaConnectState    8 u32 duplex  12 pad
  ///   16 u64 transmit speed       24 u64 receive speed
  ///   32 u32 pause functions      36 u32 auto-negotiation
  ///   ```
  public func linkState(_ connection: MediaConnectState) -> [UInt8] {
    [0x80, 1, 40, 0] + [UInt8](littleEndian: connection.rawValue, duplex.rawValue, 0)
      + [UInt8](littleEndian: bitsPerSecond, bitsPerSecond)
      + [UInt8](littleEndian: pause.rawValue, autoNegotiation.rawValue)
  }
}
