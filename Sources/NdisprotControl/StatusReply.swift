internal import NDIS

/// The reply to the command `status`: what daemon this is, and what it uses.
///
/// Everybody hears what it is. What it was told and what all clients together use is for
/// administrators; to others that is 0 and empty, and the flag says so (threat T21).
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
  /// What is so, or is not.
  public struct Flags: OptionSet, Hashable, Sendable {
    /// The bits on the control channel.
    public let rawValue: UInt32
    /// Takes any bits; those unknown here are kept.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Who asks is an administrator, and hears everything.
    public static let administrator = Flags(rawValue: 1)
    /// A service manager started it and hears of its life.
    public static let service = Flags(rawValue: 2)
    /// The socket is the service manager's, and outlives the daemon.
    public static let inheritedSocket = Flags(rawValue: 4)
    /// Its memory stays resident.
    public static let lockedMemory = Flags(rawValue: 8)
    /// The verifier watches its objects.
    public static let verifier = Flags(rawValue: 16)
    /// Its configuration was broken at the start: nothing is bound until one is taken.
    public static let misconfigured = Flags(rawValue: 32)
    /// The last reload changed nothing, for a reason that administrators are told.
    public static let reloadFailed = Flags(rawValue: 64)
  }

  /// Memory that all bindings share.
  public struct Memory: Hashable, Sendable {
    /// What they have, in MiB.
    public var used: UInt32
    /// What they may have together, in MiB.
    public var limit: UInt32

    /// Makes a pair.
    public init(used: UInt32 = 0, limit: UInt32 = 0) {
      self.used = used
      self.limit = limit
    }
  }

  /// What is so, or is not.
  public var flags: Flags = []
  /// The process, as the kernel numbers it.
  public var processID: UInt32 = 0
  /// Whose process it is.
  public var userID: UInt32 = 0
  /// When it started: its counters count from then.
  public var startedAt: UInt64 = 0
  /// For how long it has run, on the monotonic clock.
  public var uptime: UInt64 = 0
  /// Within what time the service manager wants a sign of life; 0 if it does not watch.
  public var watchdog: UInt64 = 0
  /// How long ago all threads had answered; 0 if nobody watches.
  public var answerAge: UInt64 = 0
  /// When the configuration in force was read.
  public var configuredAt: UInt64 = 0
  /// When it was last told to read it anew.
  public var reloadedAt: UInt64 = 0
  /// Files that the configuration was read from; 0 is the command line.
  public var fileCount: UInt32 = 0
  /// Rules in force.
  public var ruleCount: UInt32 = 0
  /// Reloads that were taken since the start.
  public var reloadCount: UInt32 = 0
  /// Connections there are.
  public var sessionCount: UInt32 = 0
  /// Connections there may be.
  public var sessionLimit: UInt32 = 0
  /// Of the capture rings, in the kernel.
  public var capture = Memory()
  /// Of the receive rings, from which clients read.
  public var receive = Memory()
  /// Of the text of its files; 0 for the command line.
  public var configurationHash: UInt32 = 0
  /// The daemon's own.
  public var version = ""
  /// Where it listens.
  public var socketPath = ""
  /// The first of its files; empty for the command line.
  public var configuration = ""
  /// Why the last reload changed nothing; empty if it was taken, or there was none.
  public var refusal = ""

  /// Makes a reply that says nothing.
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
