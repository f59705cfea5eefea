public import EventLoop
public import NDIS
public import Ndisprot

/// What the daemon was told to do, as values.
public struct ServerConfiguration: Sendable {
  /// The interfaces to bind, present now or later.
  public var interfaceNames: [String]
  /// Who may use them.
  public var policy: AccessPolicy
  /// How frames are taken from the kernel.
  public var profile: CaptureProfile
  /// Bytes of a binding's capture ring, in the kernel.
  public var captureRingByteCount: Int
  /// Bytes of a binding's receive ring.
  public var receiveRingByteCount: Int
  /// Sessions at once, and of one user; root is free of the second.
  public var maximumSessions: Int
  /// Sessions of one user.
  public var maximumSessionsPerUser: Int
  /// Whether the framework's verifier watches (`spec/wdf-lifecycle.md` section 7).
  public var isVerified: Bool

  /// Makes a configuration with the limits of `design.md` section 7.
  public init(
    interfaceNames: [String], policy: AccessPolicy, profile: CaptureProfile = .latency,
    captureRingByteCount: Int = 16 << 20, receiveRingByteCount: Int = 1 << 20,
    maximumSessions: Int = 1_024, maximumSessionsPerUser: Int = 256, isVerified: Bool = false
  ) {
    self.interfaceNames = interfaceNames
    self.policy = policy
    self.profile = profile
    self.captureRingByteCount = captureRingByteCount
    self.receiveRingByteCount = receiveRingByteCount
    self.maximumSessions = maximumSessions
    self.maximumSessionsPerUser = maximumSessionsPerUser
    self.isVerified = isVerified
  }
}

/// What the server needs of the world below it: the wire, and the watch over interfaces.
///
/// The program gives the real ones; a test may give scripted ones.
public struct ServerEnvironment: Sendable {
  /// Makes the edge below one binding, on the loop that will run it.
  public var makeMiniport: @Sendable (AdapterAttributes, EventLoop) -> any MiniportAdapter
  /// Starts to tell the driver of interfaces, on control's loop; what it returns is kept.
  public var startWatch: @Sendable (EventLoop, any ProtocolDriver) throws(SystemError) -> AnyObject
  /// Takes what an operator should know.
  public var log: @Sendable (LogRecord) -> Void

  /// Makes an environment.
  public init(
    makeMiniport: @escaping @Sendable (AdapterAttributes, EventLoop) -> any MiniportAdapter,
    startWatch:
      @escaping @Sendable (EventLoop, any ProtocolDriver) throws(SystemError)
      -> AnyObject,
    log: @escaping @Sendable (LogRecord) -> Void
  ) {
    self.makeMiniport = makeMiniport
    self.startWatch = startWatch
    self.log = log
  }
}

/// How much a line of the log matters.
public enum LogLevel: Int, Sendable {
  /// For those who look for a defect.
  case debug
  /// What happened.
  case info
  /// What was not as it should be, and goes on.
  case warning
  /// What does not work.
  case error
}
