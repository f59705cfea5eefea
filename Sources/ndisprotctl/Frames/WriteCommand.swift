internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl write`.
struct WriteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write", abstract: "Makes frames and sends them.",
    discussion: Help.text(
      """
      Each frame is destination, source, EtherType, and bytes that count up from 0, or those of \
      --payload or --payload-hex; --frame-hex gives it whole. A frame that is refused is counted by the \
      name of its status, and the exit code is 1.
      """,
      [
        "ndisprotctl write eth0 -n 2 --dst 02:00:00:00:00:02",
        "ndisprotctl write eth0 -n 1 --ethertype eapol --dst 01:80:c2:00:00:03 --payload-hex 02010000",
        "ndisprotctl write eth0 -n 1 --frame-hex ffffffffffff02000000000188b50102 --any-source",
      ]))

  @OptionGroup var global: GlobalOptions
  @OptionGroup var target: WriteTarget
  @OptionGroup var frame: FrameArguments

  @Option(
    help: ArgumentHelp(
      "The priority of the frames in the queues of the interface, 0 to 15, as SO_PRIORITY; needs the "
        + "right priority.",
      valueName: "priority"))
  var priority: UInt8 = 0

  mutating func validate() throws {
    guard priority <= 15 else {
      throw ValidationError("--priority \(priority) is none. Write 0 to 15")
    }
  }

  mutating func run() throws {
    let name = target.binding.description
    let program = Program(global, "write to \(name)", .write, binding: name)
    let content = try FrameContent(frame)
    guard content.etherType == nil || target.etherTypes.isEmpty else {
      throw ValidationError(
        "--frame-hex has the EtherType in it. Write it without --ethertype")
    }
    let type = content.etherType ?? target.etherType
    let connection = try program.connect()
    let binding = try program.open(
      target.binding, connection, etherTypes: EtherTypeSet([type]),
      mode: target.exclusive ? .exclusive : .shared, flags: frame.anySource ? .anySource : [],
      priority: priority)
    let bytes = content.frame(frame, type, for: binding)
    let run = try program.attempt { () throws(ClientError) in
      try WriteRun.write(bytes, frame.count, frame.batch, on: binding)
    }
    try program.end(summary: { run.printSummary(program.output) }) {
      if let failure = run.failure { return program.fail(failure) }
      return run.report.failed > 0 ? program.fail(run.report) : nil
    }
  }
}

/// `ndisprotctl echo`.
struct EchoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo", abstract: "Sends frames to itself and reads them back.",
    discussion: Help.text(
      """
      Frames to the interface's own address are looped back to the open that wrote them. They are \
      written and read in turns, so that any number comes back.
      """,
      ["ndisprotctl echo eth0 -n 2"]))

  @OptionGroup var global: GlobalOptions
  @OptionGroup var open: OpenArguments
  @OptionGroup var frame: FrameArguments

  @Option(
    help: ArgumentHelp("How long to wait for what should come back.", valueName: "s"))
  var timeout: SecondsArgument?

  mutating func validate() throws { try WriteTarget.validate(open.etherTypes) }

  mutating func run() throws {
    let name = open.binding.description
    let program = Program(global, "echo on \(name)", .read, binding: name)
    let content = try FrameContent(frame)
    let type = content.etherType ?? open.etherTypes.first?.value ?? 0x888E
    let connection = try program.connect(by: Deadline(after: timeout?.duration))
    let binding = try program.open(
      open.binding, connection, etherTypes: EtherTypeSet([type]),
      mode: open.exclusive ? .exclusive : .shared, flags: frame.anySource ? .anySource : [])
    connection.latest = .never
    let bytes = content.frame(frame, type, for: binding)
    let timeout = timeout?.duration ?? .seconds(5)
    let run = try program.attempt { () throws(ClientError) in
      try WriteRun.echo(bytes, frame.count, frame.batch, on: binding, timeout: timeout)
    }
    try program.end(summary: { run.printSummary(program.output) }) {
      if let failure = run.failure { return program.fail(failure) }
      if run.report.failed > 0 { return program.fail(run.report) }
      return run.isLate ? program.fail(.timedOut(.read)) : nil
    }
  }
}
