/// Why the framework refused a call, and the object concerned.
public struct WdfError: Error, Hashable, Sendable {
  /// The reasons.
  public enum Code: Hashable, Sendable {
    case contextNotInitialized, contextMissing, contextExists, contextDestroying, wrongType
    case deletePending, objectDestroyed, cannotDelete, wouldDeadlock, notCommitted
    case parentMismatch, noDriver, driverExists
    case queueBusy, queuePaused, wrongDispatch, timedOut
    case lockRecursion, outOfResources
    /// The device admits no opens, or accepts no default queue, in this state.
    case invalidDeviceState
    /// The device is exclusive and open.
    case accessDenied
    /// The identifier of a request is in use on this file object.
    case requestPending
    /// No callback, or one too many, for this kind of queue; no queue for this type of request.
    case noCallback, invalidParameter, invalidRequest
    /// Execution level or scope does not fit the kind.
    case scopeInvalid, levelIncompatible
    /// No longer in the queue.
    case notFound
  }

  /// The reason.
  public let code: Code
  /// The object concerned, if any.
  public let object: ObjectID?

  /// Makes an error.
  public init(_ code: Code, _ object: ObjectID? = nil) {
    self.code = code
    self.object = object
  }

  /// The status for this error on the control channel.
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
    case .driverExists, .noDriver: 0xC000_0183
    case .queueBusy: 0xC020_0204
    case .queuePaused: 0xC020_0203
    case .timedOut: 0x0000_0102
    case .parentMismatch, .invalidRequest: 0xC000_0010
    case .wouldDeadlock, .lockRecursion: 0xC000_0194
    case .outOfResources: 0xC000_009A
    case .accessDenied: 0xC000_0022
    case .invalidParameter, .requestPending: 0xC000_000D
    case .noCallback: 0xC020_0208
    case .scopeInvalid: 0xC020_020C
    case .levelIncompatible: 0xC020_020E
    }
  }
}
