internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl stats`.
struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Prints the counters of bindings, opens, sessions and the daemon.",
    discussion: Help.text(
      "Root sees all opens and sessions, other users their own.",
      ["ndisprotctl stats eth0", "ndisprotctl stats --watch 1", "ndisprotctl stats --limits"]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "An interface name, or @N, its index (default: all).")
  var binding: BindingArgument?
  @Flag(help: "Print limits instead: what clients hold, may hold, and how often they were refused.")
  var limits = false

  @Option(
    help: ArgumentHelp("Prints what changes every so many seconds, with rates.", valueName: "s"))
  var watch: SecondsArgument?

  mutating func validate() throws {
    if let watch, watch.duration < .milliseconds(100) {
      throw ValidationError("--watch is shorter than what can be read. Write 0.1 or more")
    }
  }

  mutating func run() throws {
    let program = Program(
      global, "list counters", .statistics, binding: binding?.description ?? "")
    let connection = try program.connect()
    let index = try binding.map { try program.entry($0, connection).interfaceIndex } ?? 0
    if let watch {
      let run = StatsWatch(interval: watch.duration, interfaceIndex: index, isLimits: limits)
      return try program.attempt { () throws(ClientError) in
        try run.show(connection, program.output)
      }
    }
    let objects = try program.attempt { () throws(ClientError) in
      try connection.statistics(interfaceIndex: index)
    }
    // A session without an open belongs to no interface.
    for object in objects
    where (index == 0 || object.interfaceIndex == index) && (object.kind == .limit) == limits {
      if global.json {
        program.output.standard.writeLine(Self.json(object))
      } else {
        Self.text(object).forEach(program.output.standard.writeLine)
      }
    }
    program.output.standard.flush()
  }

  static func json(_ object: StatisticsObject) -> String {
    var line = JSONLine()
    line.add("kind", object.kind.name)
    line.add("ifindex", object.interfaceIndex)
    line.add("id", object.id)
    line.add("name", object.name)
    for reading in object.readings { line.add(reading.name, reading.value) }
    if object.kind == .limit {
      for counter: Counter in [.limitOfAll, .limitOfUser, .limitOfSession]
      where object[counter] == nil {
        line.add(counter.name, raw: "null")
      }
    }
    return line.closed
  }

  /// An object's counters, one per line under its name.
  static func text(_ object: StatisticsObject) -> [String] {
    let place = object.interfaceIndex == 0 ? "" : " @\(object.interfaceIndex)"
    let title = "\(object.kind.name)\(place) \(object.name.printableName)"
    let rows = object.readings.map { ["  " + $0.name, "\($0.value)"] }
    return [title] + TextTable.lines(rows)
  }
}

extension StatisticsObject.Kind {
  /// The name printed by `stats`.
  var name: String {
    switch self {
    case .binding: "binding"
    case .open: "open"
    case .session: "session"
    case .daemon: "daemon"
    case .limit: "limit"
    case .user: "user"
    case .denial: "denial"
    default: "kind\(rawValue)"
    }
  }
}

extension StatisticsObject.Reading {
  /// The counter's name; an unknown counter of a newer daemon has only a number.
  var name: String { counter?.name ?? "counter\(number)" }
}
