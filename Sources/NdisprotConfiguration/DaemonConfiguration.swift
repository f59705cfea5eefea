internal import NDIS
internal import Ndisprot
public import NdisprotServer

/// The contents of the configuration files.
///
/// Read strictly: an unknown key and a value of another kind are errors, so that a typing mistake
/// never grants more than was intended. One pass finds all errors of all files. A user or group
/// that does not exist is not an error: its rule matches no client until it exists.
///
/// - Source: threats T14–T16; `ndisprotd.toml(5)`
public struct DaemonConfiguration: Sendable {
  /// `daemon.log`; nil leaves it to the command line.
  public private(set) var logLevel: LogLevel?
  /// `daemon.lock_memory`; without it, whether a binding is realtime.
  public var locksMemory: Bool { saysLockMemory ?? server.locksMemory }
  private var saysLockMemory: Bool?
  /// The highest priority that a thread is to have.
  public var highestPriority: Int? { server.highestPriority }
  private var server: ServerConfiguration
  private var drafts: [RuleDraft] = []

  /// Creates the configuration from several files, in this order.
  ///
  /// - Throws: all problems; then nothing is applied
  public init(_ files: [ConfigurationText]) throws(ConfigurationError) {
    var parsed = ParsedFiles()
    try self.init(files, &parsed)
  }

  init(
    _ files: [ConfigurationText], _ parsed: inout ParsedFiles
  ) throws(ConfigurationError) {
    server = ServerConfiguration(bindings: [], policy: AccessPolicy([]))
    server.files = files.map(\.path)
    server.hash = ConfigurationText.hash(of: files)
    var problems: [ConfigurationProblem] = []
    var roots: [ConfigurationTable] = []
    var lists: [ProblemList] = []
    for file in files {
      let list = ProblemList()
      lists.append(list)
      guard let root = parsed.table(of: file, list) else { continue }
      root.allow(["daemon", "binding", "rule"])
      roots.append(root)
    }
    read(roots)
    for list in lists {
      problems += list.problems.sorted {
        ($0.place ?? .first, $0.cause) < ($1.place ?? .first, $1.cause)
      }
    }
    if !problems.isEmpty { throw ConfigurationError(problems) }
  }

  private mutating func read(_ roots: [ConfigurationTable]) {
    let daemons = roots.compactMap { $0.table("daemon") }
    for daemon in daemons.dropFirst() {
      daemon.named("").problem(
        "daemon", "\(daemons[0].origin) is there too. Write one [daemon] in all files")
    }
    let defaults = daemons.first.map { readDaemon($0) } ?? RuleDefaults()
    var originOfName: [String: String] = [:]
    for root in roots {
      server.bindings += root.tables("binding").map { $0.binding() }
      for table in root.tables("rule") {
        let rule = table.rule(defaults)
        if let other = originOfName.updateValue(rule.origin, forKey: rule.name), rule.name != "" {
          table.named("rule \"\(rule.name)\": ").problem(
            "name", "the rule at \(other) has it too. Give each rule its own")
        }
        drafts.append(rule)
      }
    }
  }

  private mutating func readDaemon(_ daemon: ConfigurationTable) -> RuleDefaults {
    daemon.allow(
      ["log", "lock_memory", "queue_memory", "sessions", "sessions_per_user"] + RuleDefaults.keys)
    if let word = daemon.text("log") {
      logLevel = LogLevel(rawValue: word)
      if logLevel == nil { daemon.problem("log", "write debug, info, warning or error") }
    }
    saysLockMemory = daemon.flag("lock_memory")
    if let bytes = daemon.byteCount("queue_memory", (1 << 20)...(1 << 40)) {
      server.queueByteCount = bytes
    }
    if let number = daemon.number("sessions", 1...1_024) { server.maximumSessions = number }
    if let number = daemon.number("sessions_per_user", 1...1_024) {
      server.maximumSessionsPerUser = number
    }
    return daemon.ruleDefaults()
  }

  /// The accounts in the rules.
  public var accounts: Set<AccountName> { Set(drafts.compactMap(\.wanted)) }

  /// The number of rules.
  public var ruleCount: Int { drafts.count }

  /// The configuration of the server, and warnings about what is valid and yet most likely a
  /// mistake: `file:line:column: rule "name": cause`.
  ///
  /// - Parameter results: the results of looking up `accounts`
  /// - Returns: the values of the server, and the warnings in the order of the rules
  public func resolved(
    _ results: [AccountName: AccountResult]
  ) -> (server: ServerConfiguration, warnings: [String]) {
    var server = server
    let rules = drafts.map { $0.rule(results) }
    server.policy = AccessPolicy(rules)
    var warnings: [String] = []
    if server.bindings.isEmpty {
      warnings.append(
        "\(server.files.first ?? ""): nothing is bound. Write [[binding]] with an interface")
    }
    let ofPolicy = Dictionary(
      grouping: server.policy.warnings(bound: server.bindings.map(\.interface)), by: \.index)
    for (index, draft) in drafts.enumerated() {
      if let warning = draft.warning(results) { warnings.append(warning) }
      warnings += (ofPolicy[index] ?? []).map { draft.warning($0.text) }
    }
    return (server, warnings)
  }
}

extension ConfigurationPlace {
  fileprivate static let first = ConfigurationPlace(line: 1, column: 1)
}
