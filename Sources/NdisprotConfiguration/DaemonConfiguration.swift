internal import NDIS
internal import Ndisprot
public import NdisprotServer

/// What the files of a configuration say.
///
/// Read strictly: a key that nobody knows, a value of another kind and a name that is nobody's are errors,
/// so that a slip never gives a wider right than was written.
///
/// - Source: threats T14–T16; `ndisprotd.toml(5)`
public struct DaemonConfiguration: Sendable {
  /// What the server is told.
  public var server: ServerConfiguration
  /// `daemon.log`; nil leaves it to the command line.
  public var logLevel: LogLevel?
  /// `daemon.lock_memory`; counts at the start only.
  public var locksMemory = false
  /// What is no error and yet not as it should be: `file: rule[2]: cause`.
  public var warnings: [String] = []

  /// Makes the configuration of several files, in this order.
  ///
  /// - Throws: the first thing that is wrong; then nothing of it counts
  public init(_ files: [ConfigurationText]) throws(ConfigurationError) {
    var parsed = ParsedFiles()
    try self.init(files, &parsed)
  }

  init(
    _ files: [ConfigurationText], _ parsed: inout ParsedFiles
  ) throws(ConfigurationError) {
    var bindings: [BindingConfiguration] = []
    var rules: [AccessRule] = []
    var originOfName: [String: String] = [:]
    var daemon: ConfigurationTable?
    for file in files {
      let root = try parsed.table(of: file)
      try root.allow(["daemon", "binding", "rule"])
      if let found = try root.table("daemon") {
        if let daemon {
          throw root.error(
            "daemon", "\(daemon.place) is there too. Write one [daemon] in all files")
        }
        daemon = found
      }
      for table in try root.tables("binding") { bindings.append(try table.binding()) }
      for table in try root.tables("rule") {
        let rule = try table.rule()
        if let other = originOfName.updateValue(rule.origin, forKey: rule.name) {
          throw table.error(
            "name", "'\(rule.name)' is the name of \(other) too. Give each rule its own")
        }
        rules.append(rule)
      }
    }
    server = ServerConfiguration(bindings: bindings, policy: AccessPolicy(rules))
    server.files = files.map(\.path)
    if bindings.isEmpty {
      warnings.append(
        "\(files.first?.path ?? ""): nothing is bound. Write [[binding]] with an interface")
    }
    warnings += DaemonConfiguration.shadowed(rules)
    guard let daemon else { return }
    try daemon.allow(["log", "lock_memory", "queue_memory", "sessions", "sessions_per_user"])
    if let word = try daemon.text("log") {
      guard let level = LogLevel(rawValue: word) else {
        throw daemon.error("log", "write debug, info, warning or error")
      }
      logLevel = level
    }
    locksMemory = try daemon.flag("lock_memory") ?? false
    if let bytes = try daemon.byteCount("queue_memory", (1 << 20)...(1 << 40)) {
      server.queueByteCount = bytes
    }
    if let number = try daemon.number("sessions", 1...1_024) { server.maximumSessions = number }
    if let number = try daemon.number("sessions_per_user", 1...1_024) {
      server.maximumSessionsPerUser = number
    }
  }

  /// Whom a rule is for, and where.
  private struct Place: Hashable {
    let subject: AccessRule.Subject
    let interface: InterfaceMatch
  }

  /// Rules that come too late: an earlier one of the same subject and interface says it all.
  private static func shadowed(_ rules: [AccessRule]) -> [String] {
    var earlier: [Place: [AccessRule]] = [:]
    var warnings: [String] = []
    for rule in rules {
      let place = Place(subject: rule.subject, interface: rule.interface)
      let others = earlier[place, default: []]
      if let first = others.first(where: { $0.coversAll(of: rule) }) {
        warnings.append(
          "\(rule.origin): rule '\(rule.name)' never decides: '\(first.name)' (\(first.origin)) "
            + "comes first. Put it before that one, or remove it")
      }
      earlier[place] = others + [rule]
    }
    return warnings
  }
}

extension AccessRule {
  /// Whether every frame of another rule belongs to this one.
  fileprivate func coversAll(of other: AccessRule) -> Bool {
    let types =
      etherTypes.isAny
      || (!other.etherTypes.isAny
        && other.etherTypes.values.allSatisfy(etherTypes.values.contains))
    let vlans =
      self.vlans.isAny
      || (!other.vlans.isAny && other.vlans.values.allSatisfy(self.vlans.values.contains))
    return types && vlans
  }
}
