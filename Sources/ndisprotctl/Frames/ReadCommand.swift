internal import ArgumentParser
internal import FrameFilter
internal import NdisprotClient

/// `ndisprotctl read`.
struct ReadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Prints the frames that arrive.",
    discussion: Help.text(
      """
      The first line says 'reading' when a read is pended in the daemon: what is sent from then on \
      is not missed. The last line is a summary, also on SIGINT and SIGTERM. With --reconnect \
      'reading' is said again when a daemon that went is back; what is sent in between is missed, and \
      the losses of the summary are those since then. The groups that a protocol sends to, such as \
      01:80:c2:00:00:0e of LLDP, are joined where the rule gives the right join; where it does not, \
      that is said.
      """,
      [
        "ndisprotctl read eth0 --ethertype lldp", "ndisprotctl read eth0 -n 3 --timeout 10 --hex",
        "ndisprotctl --json read eth0 --ethertype 0x88b5 --idle-timeout 2",
      ]))

  @OptionGroup var global: GlobalOptions
  @OptionGroup var open: OpenArguments
  @Argument(help: "Further interfaces, read at the same time; -n counts the frames of all.")
  var further: [BindingArgument] = []
  @OptionGroup var hearing: ReceiveFilterOptions

  @Option(
    name: .customShort("n"),
    help: ArgumentHelp("Frames to read; 0 is until interrupted.", valueName: "count"))
  var count: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Ends after so many seconds, connecting included, with 7 if fewer than -n frames came.",
      valueName: "s"))
  var timeout: SecondsArgument?

  @Option(
    help: ArgumentHelp("Ends so many seconds after the last frame, with 0.", valueName: "s"))
  var idleTimeout: SecondsArgument?

  @Flag(help: "Reads frames that this host sends, too.")
  var outgoing = false

  @Option(help: ArgumentHelp("Shows only so many bytes of a frame.", valueName: "bytes"))
  var snap: Int?

  @OptionGroup var show: ShowArguments
  @OptionGroup var filter: FilterArgument

  @Flag(help: "Counts frames and does not print them.")
  var countOnly = false

  @Flag(help: "Waits for a daemon that went, and opens again.")
  var reconnect = false

  mutating func validate() throws {
    if let snap, snap < 0 {
      throw ValidationError("--snap \(snap) is no number of bytes. Write 0 or more")
    }
    let names = ([open.binding] + further).map(\.description)
    guard Set(names).count == names.count else {
      throw BindingArgument.namedTwice
    }
  }

  mutating func run() throws {
    let filter = try filter.compiled()
    guard further.isEmpty else { return try readSeveral(filter) }
    let name = open.binding.description
    let program = Program(global, "read \(name)", .read, binding: name)
    let end = Deadline(after: timeout?.duration)
    let connection = try program.connect(by: end)
    let binding = try program.open(
      open.binding, connection, etherTypes: open.etherTypeSet,
      mode: open.exclusive ? .exclusive : .shared, flags: outgoing ? .outgoing : [])
    let hearing = hearing
    let refused = try program.attempt { () throws(ClientError) in try hearing.set(on: binding) }
    program.explainSilence(of: binding, refused)
    connection.latest = .never
    var run = ReadRun(
      binding, program.output,
      printer: countOnly
        ? nil : show.printer(global, snap: snap, interface: binding.name),
      filter: filter,
      resuming: reconnect
        ? ResumingBinding(
          binding, path: program.socketPath, timeout: nil,
          prepare: { (open) throws(ClientError) in try hearing.set(on: open) }) : nil,
      countLimit: count, end: end, idleTimeout: idleTimeout?.duration)
    let error = run.read()
    try program.end(summary: { run.printSummary() }) { error.map { program.fail($0) } }
  }
}
