/// What a request asks for.
///
/// - Windows: WDF_REQUEST_TYPE
public struct RequestType: RawRepresentable, Hashable, Sendable {
  /// The number; Windows' IRP_MJ codes for the named ones.
  public let rawValue: UInt16

  /// Makes a type; any number will do.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Bytes from the device.
  public static let read = RequestType(rawValue: 3)
  /// Bytes to the device.
  public static let write = RequestType(rawValue: 4)
  /// A request by code.
  public static let deviceControl = RequestType(rawValue: 14)
  /// Anything else.
  public static let other = RequestType(rawValue: .max)
}

/// The fixed part of a request, as the client asked it.
public struct RequestParameters: Hashable, Sendable {
  /// What is asked for.
  public var type: RequestType
  /// The code of a device control.
  public var code: UInt32
  /// The client's identifier, unique among the pending ones of its file object.
  public var id: UInt64
  /// How many bytes the client has room for.
  public var outputByteCount: Int
  /// How many records are asked for, or come with it.
  public var count: UInt32

  /// Makes the parameters of a request.
  public init(
    type: RequestType, code: UInt32 = 0, id: UInt64, outputByteCount: Int = 0, count: UInt32 = 0
  ) {
    self.type = type
    self.code = code
    self.id = id
    self.outputByteCount = outputByteCount
    self.count = count
  }
}

/// Where the end of a request is told.
public protocol RequestSink: AnyObject, Sendable {
  /// The request is completed.
  ///
  /// Called once for each, on the thread that completes it, with no lock of the framework held.
  func requestCompleted(
    _ parameters: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int)
}
