internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl pause`.
struct PauseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stops the frames of a binding, for all who have it open.",
    discussion: """
      For administrators: root, and the user whose daemon it is. It ends when the binding is paused: \
      writes that are pended go out first, for at most 10 s. Reads stay pended, frames that arrive \
      are dropped and counted, until 'ndisprotctl restart'.
      """)

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
    discussion: "For administrators: root, and the user whose daemon it is.")

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
  /// Asks something of an administrator's for one binding.
  fileprivate static func administer(
    _ global: GlobalOptions, _ verb: String, _ binding: BindingArgument,
    _ body: (Connection, UInt32) throws(ClientError) -> Void
  ) throws(Failure) {
    let name = binding.description
    let program = Program(global, "\(verb) \(name)", .administer, binding: name)
    let connection = try program.connect()
    let index = try program.entry(binding, connection).interfaceIndex
    try program.attempt { () throws(ClientError) in try body(connection, index) }
  }
}
