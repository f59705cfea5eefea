/// Why the framework refused a call, and which object it was about.
public struct WdfError: Error, Hashable, Sendable {
  /// The reasons.
  public enum Code: Hashable, Sendable {
    case contextNotInitialized, contextMissing, contextExists, contextDestroying, wrongType
    case deletePending, objectDestroyed, cannotDelete, wouldDeadlock, notCommitted
    case parentRequired, parentNotAllowed, parentMismatch, noDriver, driverExists
    case notOwned, queueBusy, queuePaused, wrongDispatch, cancelled, timedOut
    case lockRecursion, lockOrder, invalidAttributes, invalidInformation, outOfResources
    /// The device takes no opens, or no default queue, in this state.
    case invalidDeviceState
    /// The device is exclusive and open.
    case accessDenied
    /// The identifier of a request is in use on this file object.
    case requestPending
    /// No callback, or one too many, for this kind of queue; no queue for this type of request.
    case noCallback, invalidParameter, invalidRequest
    /// Execution level or scope does not fit the kind.
    case levelInvalid, scopeInvalid, levelIncompatible
    /// Neither found nor ever to be found.
    case notFound
  }

  /// The reason.
  public let code: Code
  /// The object the call was about, when there was one.
  public let object: ObjectID?

  /// Makes an error.
  public init(_ code: Code, _ object: ObjectID? = nil) {
    self.code = code
    self.object = object
  }

  /// The status that stands for this error on the control channel.
  ///
  /// - Windows: ntstatus.h, wdfstatus.h
  public var ntStatus: UInt32 {
    switch code {
    case .deletePending, .contextDestroying: 0xC000_0056
    case .objectDestroyed, .wrongType: 0xC000_0008
    case .contextNotInitialized, .notCommitted, .wrongDispatch, .invalidDeviceState: 0xC000_0184
    case .contextMissing, .notFound: 0xC000_0225
    case .contextExists: 0x4000_0000
    case .cannotDelete: 0xC000_0121
    case .parentRequired: 0xC020_0212
    case .parentNotAllowed: 0xC020_020F
    case .driverExists, .noDriver: 0xC000_0183
    case .queueBusy: 0xC020_0204
    case .queuePaused: 0xC020_0203
    case .cancelled: 0xC000_0120
    case .timedOut: 0x0000_0102
    case .notOwned, .parentMismatch, .invalidRequest: 0xC000_0010
    case .wouldDeadlock, .lockRecursion, .lockOrder: 0xC000_0194
    case .invalidAttributes: 0xC020_0209
    case .outOfResources: 0xC000_009A
    case .accessDenied: 0xC000_0022
    case .invalidParameter, .invalidInformation, .requestPending: 0xC000_000D
    case .noCallback: 0xC020_0208
    case .levelInvalid: 0xC020_020B
    case .scopeInvalid: 0xC020_020C
    case .levelIncompatible: 0xC020_020E
    }
  }
}
