internal import ArgumentParser
internal import Glibc
internal import NDIS
internal import NdisprotServer
internal import Platform

/// `ndisprotd`: raw Ethernet for programs without root.
///
/// Synchronous on purpose: capabilities and the signal mask belong to the calling thread, and must
/// be set before another thread is created.
@main
struct NdisprotdCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ndisprotd",
    abstract: "Gives programs without root raw Ethernet on chosen interfaces.",
    discussion: """
      Binds the named interfaces, present now or later, and serves programs over one Unix socket. \
      With --interface, root, the user that starts it, and users and groups given with --allow may open \
      them; without, a configuration file says what to bind and grants the rights.

      Examples:
        ndisprotd --interface eth0 --allow alice --allow :netauth
        ndisprotd --check-config --summary
      """,
    version: versionText)

  @OptionGroup var options: DaemonOptions

  mutating func validate() throws { try options.validate() }

  static func main() {
    do {
      var command = try parseAsRoot(programArguments())
      try command.run()
    } catch {
      // After these the service manager does not restart the daemon, unless a client waits.
      if ExitStatus.lasting.contains(exitCode(for: error).rawValue) {
        InheritedSockets()?.turnClientsAway()
      }
      Glibc.exit(reportUsage(error))
    }
  }

  mutating func run() throws {
    fillStandardDescriptors()
    restoreQuitSignal()
    let status = runDaemon(options)
    guard status == 0 else { throw ExitCode(status) }
  }
}

/// The options of the command line.
struct DaemonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The control socket that programs connect to.", valueName: "path"))
  var socket = "/run/ndisprot.sock"

  @Option(
    help: ArgumentHelp(
      "The configuration, read with the files of conf.d beside it (default: "
        + "/etc/ndisprot/ndisprotd.toml).", valueName: "file"))
  var config: String?

  @Flag(help: "Say what is wrong with the configuration, and start nothing.")
  var checkConfig = false

  @Flag(help: "With --check-config, say what the configuration amounts to, also off a terminal.")
  var summary = false

  /// The file that is read without `--interface`.
  var configurationPath: String { config ?? "/etc/ndisprot/ndisprotd.toml" }

  @Option(
    name: .customLong("interface"), parsing: .singleValue,
    help: ArgumentHelp(
      "An interface to bind, present now or later (repeatable).", valueName: "name"))
  var interfaces: [String] = []

  /// The names of `--interface`, which `validate` has checked.
  var interfaceNames: [InterfaceName] { interfaces.compactMap { InterfaceName($0) } }

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A user, or :group, that may use the interfaces (repeatable).", valueName: "user|:group"))
  var allow: [String] = []

  @Option(help: "How frames are taken from the kernel: latency, throughput or realtime.")
  var profile: CaptureProfile = .latency

  @Option(help: "What is logged: debug, info, warning or error.")
  var logLevel: LogLevel?

  @Option(
    help: ArgumentHelp(
      "The user to run as when root starts the daemon (default: ndisprot, if it exists).",
      valueName: "name"))
  var user: String?

  @Flag(help: "Keeps CAP_NET_ADMIN too, which some OIDs need to change an interface.")
  var netAdmin = false

  @Flag(help: "Keeps the daemon's memory resident: none of it is ever swapped out.")
  var lockMemory = false

  @Flag(
    help: """
      Checks the daemon's own objects, and records their holders and past states, for debugging; costs \
      some speed.
      """)
  var verifier = false

  mutating func validate() throws {
    guard interfaces.isEmpty || (config == nil && !checkConfig) else {
      throw ValidationError(
        "--interface and a configuration exclude each other. Write --config FILE alone")
    }
    guard allow.isEmpty || !interfaces.isEmpty else {
      throw ValidationError("--allow is for --interface. Write a rule into the configuration")
    }
    for name in interfaces
    where !InterfaceName.isPossible(name) || (unsafe if_nametoindex(name) == 0) {
      // An existing interface may be named np0@np1.
      if let objection = InterfaceName.objection(to: name) { throw ValidationError(objection) }
    }
  }
}
