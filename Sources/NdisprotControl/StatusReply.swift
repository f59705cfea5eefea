internal import NDIS

/// The reply to the command `status`: the daemon's identity, and what it uses.
///
/// Every user gets the identity. The configuration and the totals of all clients are for
/// administrators; for others those fields are 0 or empty, and the flag shows it (threat T21).
///
/// - Shape: 104 bytes, then version, socket, configuration and refusal as counted texts
///   ```
///    0 u32 flags               1 administrator, 2 service, 4 inherited socket, 8 locked, 16 verifier,
///                             32 misconfigured, 64 reload failed
///    4 u32 processID           8 u32 userID            12 u32 zero
///   16 u64 startedAt          24 u64 uptime            32 u64 watchdog          40 u64 answerAge
///   48 u64 configuredAt       56 u64 reloadedAt
///   64 u32 fileCount          68 u32 ruleCount         72 u32 reloadCount       76 u32 sessionCount
///   80 u32 sessionLimit       84 u32 captureMiB        88 u32 captureLimitMiB
///   92 u32 receiveMiB         96 u32 receiveLimitMiB  100 u32 configurationHash
///   ```
/// - Units: nanoseconds; `…At` since the epoch, 0 for never
public struct StatusReply: Hashable, Sendable {
  /// Facts that are true or false.
  public struct Flags: OptionSet, Hashable, Sendable {
    /// The bits on the control channel.
    public let rawValue: UInt32
    /// Wraps any bits; unknown ones are kept.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// The caller is an administrator, and gets all fields.
    public static let administrator = Flags(rawValue: 1)
    /// A service manager started it and is notified of its state.
    public static let service = Flags(rawValue: 2)
    /// The socket belongs to the service manager, and outlives the daemon.
    public static let inheritedSocket = Flags(rawValue: 4)
    /// Its memory is locked.
    public static let lockedMemory = Flags(rawValue: 8)
    /// The verifier is on.
    public static let verifier = Flags(rawValue: 16)
    /// The configuration was broken at the start: nothing is bound until one is applied.
    public static let misconfigured = Flags(rawValue: 32)
    /// The last reload changed nothing; administrators also get the reason.
    public static let reloadFailed = Flags(rawValue: 64)
  }

  /// Memory that all bindings share.
  public struct Memory: Hashable, Sendable {
    /// The amount in use, in MiB.
    public var used: UInt32
    /// The limit, in MiB.
    public var limit: UInt32

    /// Makes a pair.
    public init(used: UInt32 = 0, limit: UInt32 = 0) {
      self.used = used
      self.limit = limit
    }
  }

  /// Facts that are true or false.
  public var flags: Flags = []
  /// The daemon's process id.
  public var processID: UInt32 = 0
  /// The daemon's user.
  public var userID: UInt32 = 0
  /// When it started: its counters start then.
  public var startedAt: UInt64 = 0
  /// How long it has run, on the monotonic clock.
  public var uptime: UInt64 = 0
  /// The service manager's watchdog interval; 0 if it has none.
  public var watchdog: UInt64 = 0
  /// How long ago all threads had answered; 0 without a watchdog.
  public var answerAge: UInt64 = 0
  /// When the configuration in effect was read.
  public var configuredAt: UInt64 = 0
  /// When a reload was last requested.
  public var reloadedAt: UInt64 = 0
  /// The number of configuration files; 0 is the command line.
  public var fileCount: UInt32 = 0
  /// The number of rules in effect.
  public var ruleCount: UInt32 = 0
  /// Successful reloads since the start.
  public var reloadCount: UInt32 = 0
  /// The number of connections.
  public var sessionCount: UInt32 = 0
  /// The limit on connections.
  public var sessionLimit: UInt32 = 0
  /// The capture rings, in the kernel.
  public var capture = Memory()
  /// The receive rings, from which clients read.
  public var receive = Memory()
  /// The hash of its files; 0 for the command line.
  public var configurationHash: UInt32 = 0
  /// The daemon's version.
  public var version = ""
  /// The path of its socket.
  public var socketPath = ""
  /// The first configuration file; empty for the command line.
  public var configuration = ""
  /// Why the last reload changed nothing; empty if it succeeded, or there was none.
  public var refusal = ""

  /// Creates an empty reply.
  public init() {}

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    flags = Flags(rawValue: try reader.integer())
    processID = try reader.integer()
    userID = try reader.integer()
    try reader.zeros(4)
    startedAt = try reader.integer()
    uptime = try reader.integer()
    watchdog = try reader.integer()
    answerAge = try reader.integer()
    configuredAt = try reader.integer()
    reloadedAt = try reader.integer()
    fileCount = try reader.integer()
    ruleCount = try reader.integer()
    reloadCount = try reader.integer()
    sessionCount = try reader.integer()
    sessionLimit = try reader.integer()
    capture = Memory(used: try reader.integer(), limit: try reader.integer())
    receive = Memory(used: try reader.integer(), limit: try reader.integer())
    configurationHash = try reader.integer()
    version = try reader.countedText()
    socketPath = try reader.countedText()
    configuration = try reader.countedText()
    refusal = try reader.countedText()
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    for number in [flags.rawValue, processID, userID, 0] { bytes.append(littleEndian: number) }
    for time in [startedAt, uptime, watchdog, answerAge, configuredAt, reloadedAt] {
      bytes.append(littleEndian: time)
    }
    for number in [
      fileCount, ruleCount, reloadCount, sessionCount, sessionLimit, capture.used, capture.limit,
      receive.used, receive.limit, configurationHash,
    ] {
      bytes.append(littleEndian: number)
    }
    for text in [version, socketPath, configuration, refusal] { bytes.append(counted: text) }
    return bytes
  }
}
