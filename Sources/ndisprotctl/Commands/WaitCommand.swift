internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl wait`.
struct WaitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Waits until interfaces are bound.")

  @OptionGroup var global: GlobalOptions
  @Argument(help: "Interface names.")
  var bindings: [String]

  @Option(
    help: ArgumentHelp("Gives up after so many seconds, with 7.", valueName: "s"))
  var timeout: SecondsArgument?

  mutating func validate() throws {
    if let index = bindings.first(where: { $0.hasPrefix("@") }) {
      throw ValidationError(
        "\(index) cannot be waited for: an interface has no index before it is there. "
          + "Write its name")
    }
    for name in bindings where !InterfaceName.isPossible(name) || !HostFacts.hasInterface(name) {
      // An interface may be named np0@np1; then it is there.
      if let objection = InterfaceName.objection(to: name) { throw ValidationError(objection) }
    }
  }

  mutating func run() throws {
    let names = bindings
    let list = names.joined(separator: ", ")
    let program = Program(global, "wait for \(list)", .wait, binding: list)
    let connection = try program.connect()
    let timeout = timeout?.duration
    try program.attempt { () throws(ClientError) in
      try connection.wait(for: names, timeout: timeout)
    }
  }
}
