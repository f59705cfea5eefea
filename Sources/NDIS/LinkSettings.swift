/// Which directions the medium carries at once.
///
/// - Windows: NET_IF_MEDIA_DUPLEX_STATE (E-9)
public enum MediaDuplexState: UInt32, Sendable {
  /// The driver does not say.
  case unknown = 0
  /// One at a time.
  case half = 1
  /// Both.
  case full = 2
}

/// Which pause frames an adapter sends and obeys.
///
/// - Windows: NDIS_SUPPORTED_PAUSE_FUNCTIONS (E-9)
public enum PauseFunctions: UInt32, Sendable {
  /// None.
  case unsupported = 0
  /// It sends them.
  case sendOnly = 1
  /// It obeys them.
  case receiveOnly = 2
  /// Both.
  case sendAndReceive = 3
  /// The driver does not say.
  case unknown = 4
}

/// Speed and mode of a link, as the card has negotiated them.
///
/// - Windows: NDIS_LINK_STATE, NDIS_LINK_SPEED
public struct LinkSettings: Hashable, Sendable {
  /// What was negotiated rather than set.
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

  /// What stands for a speed that nobody knows.
  public static let unknownSpeed = UInt64.max

  /// Bits a second, of both directions.
  public var bitsPerSecond = unknownSpeed
  /// The most that the card can have.
  public var maximumBitsPerSecond = unknownSpeed
  /// Whether both directions go at once.
  public var duplex = MediaDuplexState.unknown
  /// Pause frames.
  public var pause = PauseFunctions.unknown
  /// What was negotiated.
  public var autoNegotiation: AutoNegotiation = []

  /// Makes settings of which nothing is known.
  public init() {}

  /// The structure that OID_GEN_LINK_STATE answers and NDIS_STATUS_LINK_STATE carries (rule E-6).
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
