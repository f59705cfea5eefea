internal import ArgumentParser
internal import NdisprotClient
internal import Platform

/// The options before every subcommand.
struct GlobalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The daemon's socket.", valueName: "path"), completion: .file())
  var socket: String?

  @Flag(help: "Prints JSON, one object a line.")
  var json = false

  @Option(
    help: ArgumentHelp("When text has colours (default: auto).", valueName: "when"))
  var color: Terminal.ColorChoice?

  /// The socket to connect to: the option, the environment, or the default.
  var socketPath: String {
    socket ?? environmentVariable("NDISPROT_SOCKET") ?? Connection.defaultPath
  }

  /// Moves global options from before the subcommand to after it, where its parser accepts them.
  static func moved(_ arguments: [String]) -> [String] {
    var rest = arguments[...]
    var global: [String] = []
    while let first = rest.first {
      if first == "--json" || first.hasPrefix("--socket=") || first.hasPrefix("--color=") {
        global.append(first)
        rest = rest.dropFirst()
      } else if first == "--socket" || first == "--color" {
        global += rest.prefix(2)
        rest = rest.dropFirst(2)
      } else {
        break
      }
    }
    let commands = Subcommands.words(at: rest)
    guard !commands.isEmpty else { return arguments }
    return commands + global + rest.dropFirst(commands.count)
  }

  /// `--color` in a command line that may be invalid.
  static func color(in arguments: [String]) -> Terminal.ColorChoice {
    for (index, word) in arguments.enumerated() {
      let value: String
      if word == "--color", index + 1 < arguments.count {
        value = arguments[index + 1]
      } else if word.hasPrefix("--color=") {
        value = String(word.dropFirst("--color=".count))
      } else {
        continue
      }
      return Terminal.ColorChoice(rawValue: value) ?? .auto
    }
    return .auto
  }
}
