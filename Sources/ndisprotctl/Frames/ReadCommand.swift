internal import ArgumentParser
internal import FrameFilter
internal import NdisprotClient

/// `ndisprotctl read`.
struct ReadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Prints the frames that arrive.",
    discussion: """
      The first line says 'reading' when a read is pended in the daemon: what is sent from then on \
      is not missed. The last line is a summary, also on SIGINT and SIGTERM. With --reconnect \
      'reading' is said again when a daemon that went is back; what is sent in between is missed, and \
      the losses of the summary are those since then. What is sent to a group, as 802.1X and LLDP \
      are, is heard with --group or --all-groups, which need the right set-oid.
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var open: OpenArguments
  @Argument(help: "Further interfaces, read at the same time; -n counts the frames of all.")
  var further: [BindingArgument] = []
  @OptionGroup var hearing: HearingArguments

  @Option(
    name: .customShort("n"),
    help: ArgumentHelp("Frames to read; 0 is until interrupted.", valueName: "count"))
  var count: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Ends after so many seconds, with 7 if fewer than -n frames came.", valueName: "s"))
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
      throw ValidationError("an interface is named twice. Write each BINDING once")
    }
  }

  mutating func run() throws {
    let filter = try filter.compiled()
    guard further.isEmpty else { return try readSeveral(filter) }
    let name = open.binding.description
    let program = Program(global, "read \(name)", .read, binding: name)
    let connection = try program.connect()
    let binding = try program.open(
      open.binding, connection, etherTypes: open.etherTypeSet,
      mode: open.exclusive ? .exclusive : .shared, flags: outgoing ? .outgoing : [])
    let hearing = hearing
    try program.attempt { () throws(ClientError) in try hearing.set(on: binding) }
    var run = ReadRun(
      binding, program.output,
      printer: countOnly
        ? nil : show.printer(global, snap: snap),
      filter: filter,
      resuming: reconnect
        ? ResumingBinding(
          binding, path: program.socketPath, timeout: nil,
          prepare: { (open) throws(ClientError) in try hearing.set(on: open) }) : nil,
      countLimit: count, timeout: timeout?.duration, idleTimeout: idleTimeout?.duration)
    let error = run.read()
    run.printSummary()
    if let error { throw program.fail(error) }
  }
}
