internal import ArgumentParser
internal import Glibc
internal import NdisprotClient

/// What stands in front of every subcommand.
struct GlobalOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The daemon's socket.", valueName: "path"))
  var socket: String?

  @Flag(help: "Prints JSON, one object a line.")
  var json = false

  /// The socket to connect to: the option, the environment, the usual place.
  var socketPath: String {
    if let socket { return socket }
    if let named = unsafe getenv("NDISPROT_SOCKET") {
      let path = unsafe String(cString: named)
      if !path.isEmpty { return path }
    }
    return Connection.defaultPath
  }

  /// Moves global options from in front of the subcommand to its end: there its parser takes them.
  static func moved(_ arguments: [String]) -> [String] {
    var rest = arguments[...]
    var global: [String] = []
    while let first = rest.first {
      if first == "--json" || first.hasPrefix("--socket=") {
        global.append(first)
        rest = rest.dropFirst()
      } else if first == "--socket" {
        global += rest.prefix(2)
        rest = rest.dropFirst(2)
      } else {
        break
      }
    }
    guard let subcommand = rest.first, !subcommand.hasPrefix("-") else { return arguments }
    return [subcommand] + global + rest.dropFirst()
  }
}
