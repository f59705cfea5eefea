internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl wait`.
struct WaitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Waits until interfaces are bound.",
    discussion: Help.text(
      "Ends with 0 when all of them are bound, and with 7 when --timeout is over.",
      ["ndisprotctl wait eth0 --timeout 30"]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "Interface names.", completion: Completion.interfaces)
  var bindings: [String]

  @Option(
    help: ArgumentHelp(
      "Gives up after so many seconds, connecting included, with 7.", valueName: "s"))
  var timeout: SecondsArgument?

  mutating func validate() throws {
    if let index = bindings.first(where: { $0.hasPrefix("@") }) {
      throw ValidationError(
        "\(index) cannot be waited for: an interface has no index before it is there. "
          + "Write its name")
    }
    for name in bindings where !InterfaceName.isPossible(name) || !HostFacts.hasInterface(name) {
      // An existing interface may be named np0@np1.
      if let objection = InterfaceName.objection(to: name) { throw ValidationError(objection) }
    }
  }

  mutating func run() throws {
    let names = bindings
    let list = names.joined(separator: ", ")
    let program = Program(global, "wait for \(list)", .wait, binding: list)
    let end = Deadline(after: timeout?.duration)
    let connection = try program.connect(by: end)
    // The daemon enforces the timeout itself, and answers shortly after it.
    connection.latest = .never
    try program.attempt { () throws(ClientError) in
      try connection.wait(for: names, timeout: end.remaining)
    }
    guard global.json else { return }
    var line = JSONLine()
    line.add("event", "bound")
    line.add("bindings", names)
    program.output.standard.writeLine(line.closed)
    program.output.standard.flush()
  }
}
