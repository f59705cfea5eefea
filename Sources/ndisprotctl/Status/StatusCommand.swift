internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl status`.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Says what daemon runs, how it is configured, and what it uses.",
    discussion: Help.text(
      """
      Version, process and start, service, configuration and last reload, watchdog, memory, bindings and \
      sessions. Counters count from its start on. What all clients together have is for administrators. \
      It starts no daemon: where none runs the exit code is 3, and it says what to do.
      """,
      ["ndisprotctl status"]))

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    let program = Program(global, "status", .administer)
    let units = ServiceUnit.serving(program.socketPath)
    // A connection would start the service, and change the very state in question.
    if let units, !units.service.isAlive {
      throw program.fail(sleeping: units.service, units.socket)
    }
    let connection = try program.connect()
    let view = try program.attempt { () throws(ClientError) in
      try StatusView(connection, units?.service)
    }
    if global.json {
      program.output.standard.writeLine(view.json.closed)
    } else {
      view.text(on: program.output.screen).forEach(program.output.standard.writeLine)
    }
    program.output.standard.flush()
  }
}

/// Everything that `status` shows, collected from the daemon, systemd and the kernel.
struct StatusView {
  let daemon: StatusReply
  let service: ServiceUnit?
  let process: ProcessFacts?
  let bindings: [Row]
  let sessions: [StatisticsObject]

  /// A binding and its counters.
  struct Row {
    let entry: BindingEntry
    /// For the binding, since the daemon's start.
    let received: UInt64
    let kernelDrops: UInt64
    /// The capacity and size of the capture ring; 0 while there is none.
    let ringFrames: UInt64
    let ringBytes: UInt64
    /// For the current opens.
    let overruns: UInt64
  }

  /// Queries the daemon.
  init(_ connection: Connection, _ service: ServiceUnit?) throws(ClientError) {
    let daemon = try connection.status()
    var (objects, entries): ([StatisticsObject], [BindingEntry]) = ([], [])
    do throws(ClientError) {
      (objects, entries) = (try connection.statistics(), try connection.bindings())
    } catch {
      // Nothing is bound then, and the status tells why; or no rule names the user.
      guard error.status == .misconfigured || error.status == .notPermitted else { throw error }
    }
    self.init(daemon, service, entries, objects, process: ProcessFacts.init)
  }

  init(
    _ daemon: StatusReply, _ service: ServiceUnit?, _ entries: [BindingEntry],
    _ objects: [StatisticsObject], process: (UInt32) -> ProcessFacts?
  ) {
    self.daemon = daemon
    self.service = service
    self.process = process(daemon.processID)
    sessions = objects.filter { $0.kind == .session }
    bindings = entries.map { entry in
      let own = objects.filter { $0.interfaceIndex == entry.interfaceIndex }
      let binding = own.first { $0.kind == .binding }
      return Row(
        entry: entry, received: binding?[.rxFrames] ?? 0,
        kernelDrops: binding?[.kernelDrops] ?? 0,
        ringFrames: binding?[.ringFrames] ?? 0, ringBytes: binding?[.ringBytes] ?? 0,
        overruns: own.reduce(0) { $1.kind == .open ? $0 &+ ($1[.rxOverrun] ?? 0) : $0 })
    }
  }

  /// Whether the daemon included the fields for administrators.
  var isWhole: Bool { daemon.flags.contains(.administrator) }
}
