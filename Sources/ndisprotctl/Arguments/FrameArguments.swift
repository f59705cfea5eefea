internal import ArgumentParser
internal import NdisprotClient

/// The frames that a subcommand writes.
struct FrameArguments: ParsableArguments {
  @Option(name: .customShort("n"), help: ArgumentHelp("Frames to write.", valueName: "count"))
  var count: UInt64 = 10

  @Option(
    name: .customShort("l"),
    help: ArgumentHelp(
      "Bytes of a frame, header included (default: 100, or what the payload gives).",
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

  @Option(
    help: ArgumentHelp(
      "A file whose bytes every frame carries; - is standard input.", valueName: "file"),
    completion: .file())
  var payload: String?

  @Option(
    help: ArgumentHelp("The bytes that every frame carries, such as 01a0ff.", valueName: "hex"))
  var payloadHex: String?

  @Option(
    help: ArgumentHelp(
      "The whole frame, header included; - reads the digits from standard input.",
      valueName: "hex"))
  var frameHex: String?

  @Option(help: ArgumentHelp("The most frames in one message.", valueName: "frames"))
  var batch: Int = FrameWriter.defaultFrameLimit

  mutating func validate() throws {
    guard batch > 0 else { throw ValidationError("--batch 0 sends nothing. Write 1 or more") }
    guard count > 0 else { throw ValidationError("-n 0 writes nothing. Write 1 or more") }
    if let length, !(0...131_000).contains(length) {
      throw ValidationError(
        "-l \(length) is no length of a frame. Write 14 up to the MTU and 14 more")
    }
    let sources = [("-l", length != nil)] + contents
    let given = sources.filter(\.1).map(\.0)
    guard given.count <= 1 else {
      throw ValidationError(
        "\(given.joined(separator: " and ")) contradict each other. Write one of them")
    }
    guard frameHex == nil || destination == nil && source == nil else {
      throw ValidationError(
        "--frame-hex has the addresses in it. Write it without --dst and --src")
    }
  }

  private var contents: [(String, Bool)] {
    [
      ("--payload", payload != nil), ("--payload-hex", payloadHex != nil),
      ("--frame-hex", frameHex != nil),
    ]
  }
}
