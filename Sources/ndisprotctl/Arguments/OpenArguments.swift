internal import ArgumentParser
internal import NdisprotClient

/// How a subcommand opens its binding.
struct OpenArguments: ParsableArguments {
  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument

  @Option(
    name: .customLong("ethertype"), parsing: .singleValue,
    help: ArgumentHelp(
      "An EtherType such as lldp, 0x88cc, llc, or any (repeatable; default: 0x888e).",
      valueName: "type"))
  var etherTypes: [EtherTypeArgument] = []

  @Flag(help: "Is the only one for its EtherTypes.")
  var exclusive = false

  /// The EtherTypes to open with.
  var etherTypeSet: EtherTypeSet {
    etherTypes.isEmpty ? .eapol : EtherTypeSet(etherTypes.map(\.value))
  }

  mutating func validate() throws {
    guard etherTypes.count <= EtherTypeSet.maximumCount else {
      throw ValidationError(
        "\(etherTypes.count) EtherTypes are too many. "
          + "Write --ethertype at most \(EtherTypeSet.maximumCount) times, or --ethertype any")
    }
  }
}

/// What a subcommand writes.
struct FrameArguments: ParsableArguments {
  @Option(name: .customShort("n"), help: ArgumentHelp("Frames to write.", valueName: "count"))
  var count: UInt64 = 10

  @Option(
    name: .customShort("l"),
    help: ArgumentHelp(
      "Bytes of a frame, header included (default: 100, or what --payload gives).",
      valueName: "length"))
  var length: Int?

  @Option(
    name: .customLong("dst"),
    help: ArgumentHelp("The destination (default: the interface itself).", valueName: "mac"))
  var destination: AddressArgument?

  @Option(
    name: .customLong("src"),
    help: ArgumentHelp(
      "The source (default: the interface's address); another one needs --any-source.",
      valueName: "mac"))
  var source: AddressArgument?

  @Flag(help: "Asks for the right to write any source address.")
  var anySource = false

  @Option(help: ArgumentHelp("A file whose bytes every frame carries.", valueName: "file"))
  var payload: String?

  @Option(help: ArgumentHelp("The most frames in one message.", valueName: "frames"))
  var batch: Int = FrameWriter.defaultFrameLimit

  mutating func validate() throws {
    guard batch > 0 else { throw ValidationError("--batch 0 sends nothing. Write 1 or more") }
    guard count > 0 else { throw ValidationError("-n 0 writes nothing. Write 1 or more") }
    if let length, !(0...131_000).contains(length) {
      throw ValidationError(
        "-l \(length) is no length of a frame. Write 14 up to the MTU and 14 more")
    }
  }
}
