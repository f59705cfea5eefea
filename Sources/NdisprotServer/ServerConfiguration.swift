public import NDIS
public import Ndisprot
public import Platform

/// What the daemon was told to do, as values.
public struct ServerConfiguration: Sendable {
  /// What to bind, present now or later, and how; the first that matches says how.
  public var bindings: [BindingConfiguration]
  /// Who may use them.
  public var policy: AccessPolicy
  /// Bytes of all receive rings together.
  public var queueByteCount: Int
  /// Sessions at once, and of one user; root is free of the second.
  public var maximumSessions: Int
  /// Sessions of one user.
  public var maximumSessionsPerUser: Int
  /// The files that say all this; none is the command line.
  public var files: [String] = []
  /// Tells one text of the files from another; 0 for the command line.
  public var hash: UInt32 = 0
  /// Why the files cannot be used; nothing is bound then, and every request is answered with it.
  public var failure: String?
  /// Whether the framework's verifier watches (`WDF.docc/Rules.md` section 7).
  public var isVerified: Bool

  /// Makes a configuration with the limits of `ndisprotd.docc/Architecture.md` section 7.
  public init(
    bindings: [BindingConfiguration], policy: AccessPolicy, queueByteCount: Int = 256 << 20,
    maximumSessions: Int = 1_024, maximumSessionsPerUser: Int = 256, isVerified: Bool = false
  ) {
    self.bindings = bindings
    self.policy = policy
    self.queueByteCount = queueByteCount
    self.maximumSessions = maximumSessions
    self.maximumSessionsPerUser = maximumSessionsPerUser
    self.isVerified = isVerified
  }

  /// How an interface is bound.
  func binding(of attributes: AdapterAttributes) -> BindingConfiguration {
    bindings.first { $0.interface.matches(attributes) }
      ?? BindingConfiguration(interface: InterfaceMatch())
  }
}

/// Which interfaces to bind, and how.
public struct BindingConfiguration: Hashable, Sendable {
  /// The interfaces.
  public var interface: InterfaceMatch
  /// How frames are taken from the kernel.
  public var profile: CaptureProfile
  /// Bytes of a binding's capture ring, in the kernel.
  public var captureRingByteCount: Int
  /// Bytes of a binding's receive ring.
  public var receiveRingByteCount: Int

  /// Whether a data path made for the one is as the other wants it.
  func isAlike(_ other: BindingConfiguration) -> Bool {
    profile == other.profile && captureRingByteCount == other.captureRingByteCount
      && receiveRingByteCount == other.receiveRingByteCount
  }

  /// Makes one with the sizes of `ndisprotd.docc/Architecture.md` section 7.
  public init(
    interface: InterfaceMatch, profile: CaptureProfile = .latency,
    captureRingByteCount: Int = 16 << 20, receiveRingByteCount: Int = 1 << 20
  ) {
    self.interface = interface
    self.profile = profile
    self.captureRingByteCount = captureRingByteCount
    self.receiveRingByteCount = receiveRingByteCount
  }
}

/// Why a new configuration is not taken, for people: file, place, cause, remedy.
public struct ConfigurationRefusal: Error, Hashable, Sendable {
  /// The sentences, one a line, at most `maximumByteCount` bytes.
  public let text: String
  /// What is shown to clients and by the status.
  public static let maximumByteCount = 1_024
  /// Makes a refusal.
  public init(text: String) { self.text = text }

  /// What the server is to do while its files cannot be used: bind nothing, and say why.
  public func configuration(files: [String], isVerified: Bool) -> ServerConfiguration {
    var configuration = ServerConfiguration(
      bindings: [], policy: AccessPolicy([]), isVerified: isVerified)
    configuration.files = files
    configuration.failure = text
    return configuration
  }
}

/// How far a reload is.
public enum ReloadStage: Hashable, Sendable {
  /// It begins.
  case begins
  /// The configuration was taken.
  case taken
  /// Nothing changed, for a reason.
  case refused(String)
}

/// What the server needs of the world below it: the wire, and the watch over interfaces.
///
/// The program gives the real ones; a test may give scripted ones.
public struct ServerEnvironment: Sendable {
  /// Makes the edge below one binding, on the loop that will run it; threads for what would hold
  /// the loop up come from the last argument.
  public typealias MiniportMaker =
    @Sendable (AdapterAttributes, EventLoop, @escaping ThreadStarter) -> any MiniportAdapter

  /// Makes the edge below one binding.
  public var makeMiniport: MiniportMaker
  /// Starts to tell the driver of interfaces, on control's loop; what it returns is kept.
  public var startWatch:
    @Sendable (EventLoop, any ProtocolDriver) throws(SystemError) -> any InterfaceSource
  /// Makes the edge below for calls that may wait, on the thread that makes the server.
  public var makeAdapterControl: @Sendable () throws(SystemError) -> any AdapterControl
  /// How long such a call may take before whoever waits for it is told.
  public var cardDeadlineNanoseconds: UInt64 = 5_000_000_000
  /// Takes what an operator should know.
  public var log: @Sendable (LogRecord) -> Void
  /// Takes what has to be accounted for.
  public var audit: @Sendable (AuditRecord) -> Void
  /// Reads the configuration anew; nil if there is no file to read.
  ///
  /// It may take as long as disks and directory services do: no loop waits for it.
  public var loadConfiguration: Loader?
  /// Looks up the users and groups of the same files again; nil if their numbers are as before.
  ///
  /// It may take as long as the directory services do.
  public var refreshAccounts: @Sendable () -> ServerConfiguration? = { nil }
  /// Starts to watch for changes of users and groups on control's loop, where it reports them.
  public var watchAccounts: @Sendable (EventLoop, @escaping @Sendable () -> Void) -> Void = {
    _, _ in
  }
  /// What the daemon says of itself.
  public var identity: DaemonIdentity
  /// Hears, on control's thread, that a reload begins and how it ended.
  public var reloading: @Sendable (ReloadStage) -> Void
  /// Finds a user by name or number, with all groups; nil if there is none.
  ///
  /// It may take long, too.
  public var findUser: @Sendable (String) throws(SystemError) -> Credentials?

  /// Reads the configuration.
  public typealias Loader = @Sendable () throws(ConfigurationRefusal) -> ServerConfiguration

  /// Makes an environment.
  public init(
    makeMiniport: @escaping MiniportMaker,
    startWatch:
      @escaping @Sendable (EventLoop, any ProtocolDriver) throws(SystemError)
      -> any InterfaceSource,
    makeAdapterControl: @escaping @Sendable () throws(SystemError) -> any AdapterControl,
    log: @escaping @Sendable (LogRecord) -> Void,
    audit: @escaping @Sendable (AuditRecord) -> Void, loadConfiguration: Loader?,
    findUser: @escaping @Sendable (String) throws(SystemError) -> Credentials?,
    identity: DaemonIdentity = DaemonIdentity(),
    reloading: @escaping @Sendable (ReloadStage) -> Void = { _ in }
  ) {
    self.reloading = reloading
    self.identity = identity
    self.audit = audit
    self.loadConfiguration = loadConfiguration
    self.findUser = findUser
    self.makeMiniport = makeMiniport
    self.startWatch = startWatch
    self.makeAdapterControl = makeAdapterControl
    self.log = log
  }
}

/// How much a line of the log matters, by its word in files and on the command line.
public enum LogLevel: String, Sendable, CaseIterable {
  /// For those who look for a defect.
  case debug
  /// What happened.
  case info
  /// What was not as it should be, and goes on.
  case warning
  /// What does not work.
  case error
}
