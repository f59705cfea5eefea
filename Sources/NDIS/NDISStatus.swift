/// A status of the network driver interface, next to the NTSTATUS that it was mapped to.
///
/// - Windows: NDIS_STATUS
/// - Source: ndis.h; `NDIS.docc/Statuses.md` section 2
public struct NDISStatus: RawRepresentable, Hashable, Sendable {
  /// The 32-bit code, as in ndis.h.
  public var rawValue: UInt32

  /// Wraps any code; unknown ones are legal.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// NDIS_STATUS_SUCCESS.
  public static let success = NDISStatus(rawValue: 0)
  /// NDIS_STATUS_LINK_STATE: an indication, not the end of a request.
  public static let linkState = NDISStatus(rawValue: 0x4001_0017)
  /// NDIS_STATUS_BUFFER_OVERFLOW.
  public static let bufferOverflow = NDISStatus(rawValue: 0x8000_0005)
  /// NDIS_STATUS_FAILURE.
  public static let failure = NDISStatus(rawValue: 0xC000_0001)
  /// NDIS_STATUS_RESOURCES.
  public static let resources = NDISStatus(rawValue: 0xC000_009A)
  /// NDIS_STATUS_NOT_SUPPORTED.
  public static let notSupported = NDISStatus(rawValue: 0xC000_00BB)
  /// NDIS_STATUS_ADAPTER_NOT_FOUND.
  public static let adapterNotFound = NDISStatus(rawValue: 0xC001_0006)
  /// NDIS_STATUS_MULTICAST_FULL.
  public static let multicastFull = NDISStatus(rawValue: 0xC001_0009)
  /// NDIS_STATUS_MULTICAST_NOT_FOUND.
  public static let multicastNotFound = NDISStatus(rawValue: 0xC001_000B)
  /// NDIS_STATUS_REQUEST_ABORTED.
  public static let requestAborted = NDISStatus(rawValue: 0xC001_000C)
  /// NDIS_STATUS_ADAPTER_NOT_READY.
  public static let adapterNotReady = NDISStatus(rawValue: 0xC001_0011)
  /// NDIS_STATUS_INVALID_LENGTH.
  public static let invalidLength = NDISStatus(rawValue: 0xC001_0014)
  /// NDIS_STATUS_INVALID_DATA.
  public static let invalidData = NDISStatus(rawValue: 0xC001_0015)
  /// NDIS_STATUS_BUFFER_TOO_SHORT.
  public static let bufferTooShort = NDISStatus(rawValue: 0xC001_0016)
  /// NDIS_STATUS_ADAPTER_REMOVED.
  public static let adapterRemoved = NDISStatus(rawValue: 0xC001_0018)
  /// NDIS_STATUS_UNSUPPORTED_MEDIA.
  public static let unsupportedMedia = NDISStatus(rawValue: 0xC001_0019)
  /// NDIS_STATUS_SEND_ABORTED.
  public static let sendAborted = NDISStatus(rawValue: 0xC023_000C)
  /// NDIS_STATUS_MEDIA_DISCONNECTED.
  public static let mediaDisconnected = NDISStatus(rawValue: 0xC023_001F)
  /// NDIS_STATUS_PAUSED.
  public static let paused = NDISStatus(rawValue: 0xC023_002A)
  /// NDIS_STATUS_INVALID_PORT.
  public static let invalidPort = NDISStatus(rawValue: 0xC023_002D)
  /// NDIS_STATUS_LOW_POWER_STATE.
  public static let lowPowerState = NDISStatus(rawValue: 0xC023_002F)
}
