/// How a request ended, as three codes for three kinds of readers.
///
/// The framework only passes it on. Success is an `errno` of 0, never a severity bit.
public struct RequestStatus: Hashable, Sendable {
  /// NTSTATUS.
  public var ntStatus: UInt32
  /// NDIS_STATUS.
  public var ndisStatus: UInt32
  /// The number of errno(3); 0 for success.
  public var errno: Int32

  /// Makes a status.
  public init(ntStatus: UInt32, ndisStatus: UInt32, errno: Int32) {
    self.ntStatus = ntStatus
    self.ndisStatus = ndisStatus
    self.errno = errno
  }

  /// STATUS_SUCCESS.
  public static let success = RequestStatus(ntStatus: 0, ndisStatus: 0, errno: 0)

  /// STATUS_CANCELLED, NDIS_STATUS_REQUEST_ABORTED, ECANCELED.
  public static let cancelled = RequestStatus(
    ntStatus: 0xC000_0120, ndisStatus: 0xC001_000C, errno: 125)

  /// STATUS_TIMEOUT, NDIS_STATUS_FAILURE, ETIMEDOUT: the deadline of the request passed.
  public static let timedOut = RequestStatus(
    ntStatus: 0x0000_0102, ndisStatus: 0xC000_0001, errno: 110)

  /// STATUS_INTERNAL_ERROR, NDIS_STATUS_FAILURE, EIO: the driver lost the request.
  public static let internalError = RequestStatus(
    ntStatus: 0xC000_00E5, ndisStatus: 0xC000_0001, errno: 5)

  /// STATUS_INVALID_DEVICE_STATE: the queue accepts nothing.
  public static let invalidDeviceState = RequestStatus(
    ntStatus: 0xC000_0184, ndisStatus: 0xC000_0001, errno: 16)

  /// STATUS_INVALID_DEVICE_REQUEST: no handler for this type of request.
  public static let invalidDeviceRequest = RequestStatus(
    ntStatus: 0xC000_0010, ndisStatus: 0xC000_0001, errno: 95)

  /// Whether the request succeeded.
  public var isSuccess: Bool { errno == 0 }

  /// The status for the client: codes of the framework's own facility are translated.
  ///
  /// - Source: fxrequest.cpp, CompleteInternal
  var translated: RequestStatus {
    guard ntStatus & 0x0FFF_0000 == 0x0020_0000, ntStatus & 0xC000_0000 == 0xC000_0000 else {
      return self
    }
    var translated = self
    translated.ntStatus =
      switch ntStatus {
      case 0xC020_0203, 0xC020_0204: 0x8000_0011  // paused, busy
      case 0xC020_0200: 0xC000_00E5  // internal error
      case 0xC020_0201: 0xC000_009A  // too many transfers: resources
      default: 0xC000_0010
      }
    return translated
  }
}
