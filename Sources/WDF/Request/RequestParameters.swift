/// The type of a request.
///
/// - Windows: WDF_REQUEST_TYPE
public struct RequestType: RawRepresentable, Hashable, Sendable {
  /// The number; Windows' IRP_MJ codes for the named ones.
  public let rawValue: UInt16

  /// Creates a type from any number.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Reads bytes from the device.
  public static let read = RequestType(rawValue: 3)
  /// Writes bytes to the device.
  public static let write = RequestType(rawValue: 4)
  /// A request identified by a code.
  public static let deviceControl = RequestType(rawValue: 14)
  /// Anything else.
  public static let other = RequestType(rawValue: .max)
}

/// What carries the bytes of a request: an object of the driver's own type.
///
/// The framework does not access it, and drops it when the request has ended.
/// - Windows: the memory objects of a WDFREQUEST
public typealias RequestBuffers = AnyObject & Sendable

/// The parameters of a request, as set by its client.
public struct RequestParameters: Sendable {
  /// The type.
  public var type: RequestType
  /// The code of a device control.
  public var code: UInt32
  /// The client's identifier, unique among the pending ones of its file object.
  public var id: UInt64
  /// The client's room for output, in bytes.
  public var outputByteCount: Int
  /// The number of records that are requested or included.
  public var count: UInt32
  /// The bytes of the request, and room for its output.
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

  /// The buffers as the type that the driver gave; `nil` if there are none or they have another
  /// type.
  public func buffers<B: RequestBuffers>(as type: B.Type) -> B? { buffers as? B }
}

extension RequestParameters: Hashable {
  /// Whether both request the same, with the same buffers.
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

/// Receives the ends of requests.
public protocol RequestSink: AnyObject, Sendable {
  /// The request is completed.
  ///
  /// Called once per request, on the thread that completes it, with no lock of the framework held.
  func requestCompleted(
    _ parameters: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int)

  /// The request is completed, and its driver has already answered the client: nothing is left to
  /// send. A sink that does not implement this gets a completion.
  ///
  /// Called like the other one.
  func requestAnswered(_ parameters: RequestParameters, status: RequestStatus, information: Int)
}

extension RequestSink {
  /// Reports it as a completion.
  public func requestAnswered(
    _ parameters: RequestParameters, status: RequestStatus, information: Int
  ) {
    requestCompleted(parameters, status: status, information: information, bytesNeeded: 0)
  }
}
