/// A status of the Windows executive, with which the sample's requests complete.
///
/// - Shape: severity in the top two bits: 0 success, 1 informational, 2 warning, 3 error
/// - Windows: NTSTATUS
public struct NTStatus: RawRepresentable, Hashable, Sendable {
  /// The 32-bit code, as in ntstatus.h.
  public var rawValue: UInt32

  /// Wraps any code; unknown ones are legal.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// STATUS_SUCCESS.
  public static let success = NTStatus(rawValue: 0)
  /// STATUS_TIMEOUT, which has success severity (rule Q-7): errno says that it is an error.
  public static let timeout = NTStatus(rawValue: 0x0000_0102)
  /// STATUS_BUFFER_OVERFLOW.
  public static let bufferOverflow = NTStatus(rawValue: 0x8000_0005)
  /// STATUS_DEVICE_BUSY.
  public static let deviceBusy = NTStatus(rawValue: 0x8000_0011)
  /// STATUS_NO_MORE_ENTRIES.
  public static let noMoreEntries = NTStatus(rawValue: 0x8000_001A)
  /// STATUS_UNSUCCESSFUL.
  public static let unsuccessful = NTStatus(rawValue: 0xC000_0001)
  /// STATUS_INVALID_HANDLE.
  public static let invalidHandle = NTStatus(rawValue: 0xC000_0008)
  /// STATUS_INVALID_PARAMETER.
  public static let invalidParameter = NTStatus(rawValue: 0xC000_000D)
  /// STATUS_INVALID_DEVICE_REQUEST.
  public static let invalidDeviceRequest = NTStatus(rawValue: 0xC000_0010)
  /// STATUS_ACCESS_DENIED.
  public static let accessDenied = NTStatus(rawValue: 0xC000_0022)
  /// STATUS_BUFFER_TOO_SMALL.
  public static let bufferTooSmall = NTStatus(rawValue: 0xC000_0023)
  /// STATUS_OBJECT_NAME_NOT_FOUND.
  public static let objectNameNotFound = NTStatus(rawValue: 0xC000_0034)
  /// STATUS_QUOTA_EXCEEDED.
  public static let quotaExceeded = NTStatus(rawValue: 0xC000_0044)
  /// STATUS_DELETE_PENDING.
  public static let deletePending = NTStatus(rawValue: 0xC000_0056)
  /// STATUS_INSUFFICIENT_RESOURCES.
  public static let insufficientResources = NTStatus(rawValue: 0xC000_009A)
  /// STATUS_DEVICE_NOT_CONNECTED.
  public static let deviceNotConnected = NTStatus(rawValue: 0xC000_009D)
  /// STATUS_DEVICE_NOT_READY.
  public static let deviceNotReady = NTStatus(rawValue: 0xC000_00A3)
  /// STATUS_NOT_SUPPORTED.
  public static let notSupported = NTStatus(rawValue: 0xC000_00BB)
  /// STATUS_DEVICE_CONFIGURATION_ERROR.
  public static let deviceConfigurationError = NTStatus(rawValue: 0xC000_0182)
  /// STATUS_REQUEST_NOT_ACCEPTED.
  public static let requestNotAccepted = NTStatus(rawValue: 0xC000_00D0)
  /// STATUS_TOO_MANY_SESSIONS.
  public static let tooManySessions = NTStatus(rawValue: 0xC000_00CE)
  /// STATUS_INTERNAL_ERROR.
  public static let internalError = NTStatus(rawValue: 0xC000_00E5)
  /// STATUS_CANCELLED.
  public static let cancelled = NTStatus(rawValue: 0xC000_0120)
  /// STATUS_INVALID_BUFFER_SIZE.
  public static let invalidBufferSize = NTStatus(rawValue: 0xC000_0206)
  /// STATUS_CONNECTION_RESET.
  public static let connectionReset = NTStatus(rawValue: 0xC000_020D)
  /// STATUS_NOT_FOUND.
  public static let notFound = NTStatus(rawValue: 0xC000_0225)
}
