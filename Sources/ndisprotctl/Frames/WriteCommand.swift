internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl write`.
struct WriteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write", abstract: "Makes frames and sends them.",
    discussion: """
      Each frame is destination, source, EtherType, and bytes that count up from 0, or those of \
      --payload. A frame that is refused is counted by the name of its status, and the exit code is 1.
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var open: OpenArguments
  @OptionGroup var frame: FrameArguments

  mutating func run() throws {
    let name = open.binding.description
    let program = Program(global, "write to \(name)", .write, binding: name)
    let payload = try frame.payloadBytes(program)
    let connection = try program.connect()
    let binding = try program.openForWriting(open, frame, connection)
    let bytes = frame.bytes(for: binding, open.frameType, payload)
    let run = try program.attempt { () throws(ClientError) in
      try WriteRun.write(bytes, frame.count, frame.batch, on: binding)
    }
    run.printSummary(program.output)
    if let failure = run.failure { throw program.fail(failure) }
    if run.report.failed > 0 { throw program.fail(run.report) }
  }
}

/// `ndisprotctl echo`.
struct EchoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo", abstract: "Sends frames to itself and reads them back.",
    discussion: """
      Frames to the interface's own address are looped back to the open that wrote them. They are \
      written and read in turns, so that any number comes back.
      """)

  @OptionGroup var global: GlobalOptions
  @OptionGroup var open: OpenArguments
  @OptionGroup var frame: FrameArguments

  @Option(
    help: ArgumentHelp("How long to wait for what should come back.", valueName: "s"))
  var timeout: SecondsArgument?

  mutating func run() throws {
    let name = open.binding.description
    let program = Program(global, "echo on \(name)", .read, binding: name)
    let payload = try frame.payloadBytes(program)
    let connection = try program.connect()
    let binding = try program.openForWriting(open, frame, connection)
    let bytes = frame.bytes(for: binding, open.frameType, payload)
    let timeout = timeout?.duration ?? .seconds(5)
    let run = try program.attempt { () throws(ClientError) in
      try WriteRun.echo(bytes, frame.count, frame.batch, on: binding, timeout: timeout)
    }
    run.printSummary(program.output)
    if let failure = run.failure { throw program.fail(failure) }
    if run.report.failed > 0 { throw program.fail(run.report) }
    if run.isLate { throw program.fail(.timedOut(.read)) }
  }
}

extension OpenArguments {
  /// The EtherType of the frames that are made: the first that is one.
  var frameType: UInt16 {
    etherTypes.map(\.value).first { $0 != EtherTypeSet.anyValue } ?? 0x888E
  }
}

extension FrameArguments {
  /// The bytes of `--payload`, nil without it.
  func payloadBytes(_ program: Program) throws -> [UInt8]? {
    guard let payload else { return nil }
    guard length == nil else {
      throw ValidationError(
        "-l and --payload contradict each other. Write one of them: the file gives the length")
    }
    guard let bytes = FileBytes.read(payload, byteLimit: 131_000 - 14) else {
      throw ValidationError(
        "the file \(payload) cannot be read, or has more than 130986 bytes. Write another one")
    }
    return bytes
  }

  /// The frame that is written.
  func bytes(for binding: OpenBinding, _ type: UInt16, _ payload: [UInt8]?) -> [UInt8] {
    let destination = destination?.address ?? binding.address
    let source = source?.address ?? binding.address
    if let payload {
      return FrameTemplate.bytes(
        destination: destination, source: source, etherType: type, payload: payload)
    }
    return FrameTemplate.bytes(
      destination: destination, source: source, etherType: type, byteCount: length ?? 100)
  }
}

extension Program {
  /// Opens a binding as the options of a writer say.
  func openForWriting(
    _ open: OpenArguments, _ frame: FrameArguments, _ connection: Connection
  ) throws(Failure) -> OpenBinding {
    try self.open(
      open.binding, connection, etherTypes: open.etherTypeSet,
      mode: open.exclusive ? .exclusive : .shared, flags: frame.anySource ? .anySource : [])
  }
}
