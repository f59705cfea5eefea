internal import NdisprotControl

/// What the program around the server says of itself, for whoever asks for the status.
public struct DaemonIdentity: Sendable {
  /// The program's version.
  public var version: String
  /// Where it listens.
  public var socketPath: String
  /// Whether the socket is the service manager's.
  public var isSocketInherited: Bool
  /// Whether a service manager started it.
  public var isService: Bool
  /// Within what time the service manager wants a sign of life; 0 if it does not watch.
  public var watchdogNanoseconds: UInt64
  /// Whether its memory stays resident now; any thread may ask.
  public var isMemoryLocked: @Sendable () -> Bool

  /// Makes an identity; that of a program that says nothing of itself, unless given.
  public init(
    version: String = "", socketPath: String = "", isSocketInherited: Bool = false,
    isService: Bool = false, watchdogNanoseconds: UInt64 = 0,
    isMemoryLocked: @escaping @Sendable () -> Bool = { false }
  ) {
    self.version = version
    self.socketPath = socketPath
    self.isSocketInherited = isSocketInherited
    self.isService = isService
    self.watchdogNanoseconds = watchdogNanoseconds
    self.isMemoryLocked = isMemoryLocked
  }
}

extension DaemonIdentity {
  /// The version of the control channel that the server speaks.
  public static var protocolVersion: UInt16 { ProtocolVersion.current }
}
