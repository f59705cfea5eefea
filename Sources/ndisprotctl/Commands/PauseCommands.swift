internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl pause`.
struct PauseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Stops the frames of a binding, for every client that has it open.",
    discussion: Help.text(
      """
      For administrators: root, and the user that runs the daemon. It ends when the binding is paused: \
      writes that are pended go out first, for at most 10 s. Reads stay pended, frames that arrive \
      are dropped and counted, until 'ndisprotctl restart'.
      """,
      ["ndisprotctl pause eth0"]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument

  mutating func run() throws {
    try Program.administer(global, "pause", binding) { connection, index throws(ClientError) in
      try connection.pause(interfaceIndex: index)
    }
  }
}

/// `ndisprotctl restart`.
struct RestartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart", abstract: "Lets the frames of a paused binding move again.",
    discussion: Help.text(
      "For administrators: root, and the user that runs the daemon.", ["ndisprotctl restart eth0"]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument

  mutating func run() throws {
    try Program.administer(global, "restart", binding) { connection, index throws(ClientError) in
      try connection.restart(interfaceIndex: index)
    }
  }
}

extension Program {
  /// Sends an administrator's request about one binding.
  fileprivate static func administer(
    _ global: GlobalOptions, _ verb: String, _ binding: BindingArgument,
    _ body: (Connection, UInt32) throws(ClientError) -> Void
  ) throws(Failure) {
    let name = binding.description
    let program = Program(global, "\(verb) \(name)", .administer, binding: name)
    let connection = try program.connect()
    let entry = try program.entry(binding, connection)
    try program.attempt { () throws(ClientError) in
      try body(connection, entry.interfaceIndex)
    }
    guard global.json else { return }
    var line = JSONLine()
    line.add("event", verb == "pause" ? "paused" : "restarted")
    line.add("binding", entry.name)
    line.add("ifindex", entry.interfaceIndex)
    program.output.standard.writeLine(line.closed)
    program.output.standard.flush()
  }
}
