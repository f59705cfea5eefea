internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl prottest`: the sample's test program.
///
/// - Source: `ndisprotctl.docc/Prottest.md`
struct ProttestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prottest", abstract: "Does what the sample's test program does.",
    discussion: Help.text(
      """
      Opens BINDING alone, for EtherType 0x888e, writes frames to it and then reads as many. Options, \
      requests and lines are those of PROTTEST of Microsoft's NDISPROT sample; errors go to standard \
      error, and the exit code tells of them. Where fewer frames come than -n asks for, with -r, with \
      -m, or with --compat and more than 4, it waits for frames that others send: SIGINT ends it.
      """,
      ["ndisprotctl prottest -n 2 eth0"]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "An interface name.")
  var devicename: String?

  @Flag(name: .customShort("e"), help: "Enumerates the devices, and does nothing else.")
  var enumerates = false
  @Flag(exclusivity: .chooseLast, help: "Reads, or writes and then reads (default).")
  var direction = Direction.write
  @Option(
    name: .customShort("l"),
    help: ArgumentHelp("Bytes of each frame, and of the read buffer.", valueName: "length"))
  var length = 100
  @Option(
    name: .customShort("n"),
    help: ArgumentHelp("Frames to write, and to read.", valueName: "count"))
  var count: UInt64 = 10
  @Option(
    name: .customShort("m"),
    help: ArgumentHelp("The destination (default: the interface itself).", valueName: "mac"))
  var destination: AddressArgument?
  @Flag(
    name: .customShort("f"),
    help: "Writes the source 00:00:00:00:00:00, which is to be refused.")
  var isFake = false
  @Flag(help: "Keeps the 4 newest frames and no more, as the sample does.")
  var compat = false
  @Flag(name: .customShort("?"), help: ArgumentHelp("Shows help.", visibility: .hidden))
  var wantsHelp = false

  /// `-r` and `-w`.
  enum Direction: EnumerableFlag {
    case read, write

    static func name(for value: Direction) -> NameSpecification {
      value == .read ? .customShort("r") : .customShort("w")
    }
  }

  mutating func validate() throws {
    if wantsHelp { throw CleanExit.helpRequest(self) }
    guard !global.json else {
      throw ValidationError(
        "prottest prints the sample's lines. Write 'bindings', 'read' or 'echo' for --json")
    }
    guard (14...131_000).contains(length) else {
      throw ValidationError(
        "-l \(length) is no length of a frame. Write 14 up to the MTU and 14 more")
    }
    guard count > 0 else { throw ValidationError("-n 0 does nothing. Write 1 or more") }
    guard enumerates || devicename?.isEmpty == false else {
      throw ValidationError("the device name is missing. Write -e for a list of the names")
    }
  }

  mutating func run() throws {
    let name = devicename ?? ""
    let program = Program(global, "prottest \(name)", .open, binding: name)
    try ProttestRun(program).run(self, name)
  }
}
