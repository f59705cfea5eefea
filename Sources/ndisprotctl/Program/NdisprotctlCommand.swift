internal import ArgumentParser
internal import FrameFilter
internal import Glibc
internal import NdisprotClient
internal import Platform
internal import VirtualAdapter

/// `ndisprotctl`: the command line of the client library.
@main
struct NdisprotctlCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ndisprotctl",
    abstract: "Reads and writes raw Ethernet frames through ndisprotd, without root.",
    usage: "ndisprotctl [--socket PATH] [--json] SUBCOMMAND ...",
    discussion: Help.text(
      """
      BINDING is the name of an interface, or @N, its index; 'ndisprotctl bindings' lists them.
      Exit: 0; 1 the operation failed; 3 cannot reach the daemon, or it went; 4 no such binding; \
      5 busy; 6 not permitted; 7 timed out; 64 usage.
      """,
      [
        "ndisprotctl bindings", "ndisprotctl read eth0 --ethertype lldp", "ndisprotctl doctor",
      ]),
    version: versionText,
    groupedSubcommands: [
      CommandGroup(
        name: "Frames",
        subcommands: [
          ReadCommand.self, WriteCommand.self, EchoCommand.self, CaptureCommand.self,
          ReplayCommand.self, RunCommand.self, ProttestCommand.self,
        ]),
      CommandGroup(
        name: "Interface",
        subcommands: [
          BindingsCommand.self, QueryCommand.self, SetCommand.self, OIDsCommand.self,
          WaitCommand.self, WatchCommand.self,
        ]),
      CommandGroup(
        name: "Access",
        subcommands: [RightsCommand.self, PolicyCommand.self]),
      CommandGroup(
        name: "Diagnosis",
        subcommands: [
          DoctorCommand.self, ReportCommand.self, StatusCommand.self, StatsCommand.self,
          TopCommand.self, MetricsCommand.self,
        ]),
      CommandGroup(
        name: "Administrator",
        subcommands: [
          PauseCommand.self, RestartCommand.self, CloseCommand.self, ReloadCommand.self,
          ObjectsCommand.self, TraceCommand.self,
        ]),
    ])

  /// The output of `--version`; only then is libpcap loaded to ask for its version.
  private static var versionText: String {
    let library =
      programArguments().contains("--version")
      ? FrameFilter.libraryVersion ?? "libpcap is not installed" : ""
    return Build.text([library, "protocol \(ProtocolVersion.current)"].filter { !$0.isEmpty })
  }

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    throw ValidationError("no subcommand is given")
  }

  static func main() {
    fillStandardDescriptors()
    restoreQuitSignal()
    let arguments = programArguments()
    // Before everything else: it may have only one thread.
    if InsideProcess.isMeant(by: arguments) {
      Glibc.exit(RunText.reportInside(InsideProcess.run(arguments)))
    }
    if let words = Extcap.arguments(arguments, calledAs: programName()) {
      Glibc.exit(Extcap.run(words))
    }
    Glibc.exit(runProgram(arguments))
  }
}

/// Runs the program; a plain function, because code in `main` is on the main actor.
///
/// - Returns: the exit code
private func runProgram(_ arguments: [String]) -> Int32 {
  do {
    let words = GlobalOptions.moved(arguments)
    if let objection = Subcommands.objection(to: words) { throw ValidationError(objection) }
    var command = try NdisprotctlCommand.parseAsRoot(words)
    try command.run()
    return 0
  } catch let failure as Failure {
    return failure.exitCode
  } catch {
    return UsageReport(arguments).report(error)
  }
}

/// A failure that was reported already: only the exit code is left.
struct Failure: Error {
  let exitCode: Int32
}
