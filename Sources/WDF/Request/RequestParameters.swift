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

/// What a driver gives a request to carry its bytes in: an object of the driver's own type.
///
/// The framework does not look into it, and drops it when the request has ended.
/// - Windows: the memory objects of a WDFREQUEST
public typealias RequestBuffers = AnyObject & Sendable

/// What a request asks, as its client put it.
public struct RequestParameters: Sendable {
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
  /// The bytes that come with the request, and room for those it asks for.
  public var buffers: (any RequestBuffers)?

  /// Makes the parameters of a request.
  public init(
    type: RequestType, code: UInt32 = 0, id: UInt64, outputByteCount: Int = 0, count: UInt32 = 0,
    buffers: (any RequestBuffers)? = nil
  ) {
    self.type = type
    self.code = code
    self.id = id
    self.outputByteCount = outputByteCount
    self.count = count
    self.buffers = buffers
  }

  /// The buffers as the type that the driver gave; `nil` if there are none or of another.
  public func buffers<B: RequestBuffers>(as type: B.Type) -> B? { buffers as? B }
}

extension RequestParameters: Hashable {
  /// Whether both ask the same, with the same buffers.
  public static func == (left: RequestParameters, right: RequestParameters) -> Bool {
    left.type == right.type && left.code == right.code && left.id == right.id
      && left.outputByteCount == right.outputByteCount && left.count == right.count
      && left.buffers === right.buffers
  }

  /// Hashes the identifier and the type.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(id)
    hasher.combine(type)
  }
}

/// Where the end of a request is reported.
public protocol RequestSink: AnyObject, Sendable {
  /// The request is completed.
  ///
  /// Called once for each, on the thread that completes it, with no lock of the framework held.
  func requestCompleted(
    _ parameters: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int)

  /// The request is completed, and its driver has answered the client before: nothing is left to be
  /// sent. A sink that does not tell the two apart hears of a completion.
  ///
  /// Called as the other one is.
  func requestAnswered(_ parameters: RequestParameters, status: RequestStatus, information: Int)
}

extension RequestSink {
  /// Reports a completion.
  public func requestAnswered(
    _ parameters: RequestParameters, status: RequestStatus, information: Int
  ) {
    requestCompleted(parameters, status: status, information: information, bytesNeeded: 0)
  }
}
