internal import NdisprotControl

/// What the program around the server reports about itself in the status.
public struct DaemonIdentity: Sendable {
  /// The program's version.
  public var version: String
  /// Where it listens.
  public var socketPath: String
  /// Whether the service manager created the socket.
  public var isSocketInherited: Bool
  /// Whether a service manager started it.
  public var isService: Bool
  /// The service manager's watchdog interval; 0 if it has none.
  public var watchdogNanoseconds: UInt64
  /// Whether its memory is locked now; callable on any thread.
  public var isMemoryLocked: @Sendable () -> Bool

  /// Creates an identity; the defaults are those of a program that reports nothing.
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
