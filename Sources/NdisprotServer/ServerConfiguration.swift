public import NDIS
public import Ndisprot
public import Platform

/// The configuration of the server, as values.
public struct ServerConfiguration: Sendable {
  /// What to bind, present now or later, and how; the first match decides how.
  public var bindings: [BindingConfiguration]
  /// The access policy.
  public var policy: AccessPolicy
  /// Bytes of all receive rings together.
  public var queueByteCount: Int
  /// Sessions in total; root is exempt from the limit per user.
  public var maximumSessions: Int
  /// Sessions of one user.
  public var maximumSessionsPerUser: Int
  /// The configuration files; empty if the command line is the configuration.
  public var files: [String] = []
  /// Identifies the text of the files; 0 for the command line.
  public var hash: UInt32 = 0
  /// Why the files cannot be used; nothing is bound then, and every request is answered with this.
  public var failure: String?
  /// Whether the framework's verifier is on (`WDF.docc/Rules.md` section 7).
  public var isVerified: Bool

  /// Creates a configuration with the limits of `ndisprotd.docc/Architecture.md` section 7.
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

  /// Whether memory stays resident unless something else was said: a page that has to be fetched is
  /// longer than a cycle.
  public var locksMemory: Bool { bindings.contains { $0.profile == .realtime } }

  /// The highest priority that the thread of a binding is to have.
  public var highestPriority: Int? { bindings.compactMap(\.thread.fifoPriority).max() }

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
  /// Whether sent frames skip the interface's queueing discipline.
  public var bypassesQdisc = false
  /// How a binding's thread runs.
  public var thread = ThreadConfiguration()
  /// How long a thread polls unless it was said: as long as a few frames are apart that answer
  /// each other.
  public static let defaultSpinMicroseconds = 100

  /// How long a binding's thread polls behind its last work; 0 for all profiles but one.
  var spinNanoseconds: UInt64 {
    guard profile == .realtime else { return 0 }
    let microseconds = thread.spinMicroseconds ?? Self.defaultSpinMicroseconds
    return UInt64(clamping: microseconds) * 1_000
  }

  /// Whether both call for the same data path.
  func isAlike(_ other: BindingConfiguration) -> Bool {
    profile == other.profile && captureRingByteCount == other.captureRingByteCount
      && receiveRingByteCount == other.receiveRingByteCount
      && bypassesQdisc == other.bypassesQdisc && thread == other.thread
  }

  /// Creates one with the sizes of `ndisprotd.docc/Architecture.md` section 7.
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

/// Why a new configuration is refused, for people: file, position, cause, remedy.
public struct ConfigurationRefusal: Error, Hashable, Sendable {
  /// The sentences, one per line, at most `maximumByteCount` bytes.
  public let text: String
  /// The limit of what clients and the status are shown.
  public static let maximumByteCount = 1_024
  /// Makes a refusal.
  public init(text: String) { self.text = text }

  /// The configuration while the files cannot be used: binds nothing, and reports why.
  public func configuration(files: [String], isVerified: Bool) -> ServerConfiguration {
    var configuration = ServerConfiguration(
      bindings: [], policy: AccessPolicy([]), isVerified: isVerified)
    configuration.files = files
    configuration.failure = text
    return configuration
  }
}

/// The stage of a reload.
public enum ReloadStage: Hashable, Sendable {
  /// It begins.
  case begins
  /// The new configuration is in effect.
  case taken
  /// Nothing changed, for a reason.
  case refused(String)
}

/// What the server needs from the system: the wire, and the watch over interfaces.
///
/// The program gives the real ones; a test may give scripted ones.
public struct ServerEnvironment: Sendable {
  /// Creates the edge below one binding, on the loop that will run it; the last argument starts
  /// threads for work that would block the loop.
  public typealias MiniportMaker =
    @Sendable (AdapterAttributes, EventLoop, @escaping ThreadStarter) -> any MiniportAdapter

  /// Creates the edge below one binding.
  public var makeMiniport: MiniportMaker
  /// Starts reporting interfaces to the driver, on control's loop; the result is kept.
  public var startWatch:
    @Sendable (EventLoop, any ProtocolDriver) throws(SystemError) -> any InterfaceSource
  /// Creates the edge below for calls that may block, on the thread that creates the server.
  public var makeAdapterControl: @Sendable () throws(SystemError) -> any AdapterControl
  /// How long such a call may take before the requests that wait for it time out.
  public var cardDeadlineNanoseconds: UInt64 = 5_000_000_000
  /// Takes messages to the operator.
  public var log: @Sendable (LogRecord) -> Void
  /// Takes audit records.
  public var audit: @Sendable (AuditRecord) -> Void
  /// Reads the configuration; nil if it has no file.
  ///
  /// May block on disks and directory services: no loop waits for it.
  public var loadConfiguration: Loader?
  /// Looks up the users and groups of the same files again; nil if their numbers did not change.
  ///
  /// May block on directory services.
  public var refreshAccounts: @Sendable () -> ServerConfiguration? = { nil }
  /// Starts watching for changes of users and groups, and reports them on control's loop.
  public var watchAccounts: @Sendable (EventLoop, @escaping @Sendable () -> Void) -> Void = {
    _, _ in
  }
  /// What the daemon reports about itself.
  public var identity: DaemonIdentity
  /// Called on control's thread when a reload begins and when it ends.
  public var reloading: @Sendable (ReloadStage) -> Void
  /// Finds a user by name or number, with all groups; nil if the user does not exist.
  ///
  /// May block, too.
  public var findUser: @Sendable (String) throws(SystemError) -> Credentials?

  /// Reads the configuration.
  public typealias Loader = @Sendable () throws(ConfigurationRefusal) -> ServerConfiguration

  /// Creates an environment.
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

/// The importance of a log line, named as in files and on the command line.
public enum LogLevel: String, Sendable, CaseIterable {
  /// For debugging.
  case debug
  /// What happened.
  case info
  /// Something is wrong, and the daemon continues.
  case warning
  /// Something does not work.
  case error
}
