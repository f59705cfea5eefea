internal import ArgumentParser
internal import Glibc
internal import NdisprotClient
internal import Platform

/// `ndisprotctl`: the command line of the client library.
@main
struct NdisprotctlCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ndisprotctl",
    abstract: "Reads and writes raw Ethernet frames through ndisprotd, without root.",
    usage: "ndisprotctl [--socket PATH] [--json] SUBCOMMAND ...",
    discussion: """
      BINDING is the name of an interface, or @N, its index; 'ndisprotctl bindings' lists them.
      Exit: 0; 1 the operation failed; 3 cannot reach the daemon, or it went; 4 no such binding; \
      5 busy; 6 not permitted; 7 timed out; 64 usage.
      """,
    version: "0.1.0",
    subcommands: [
      BindingsCommand.self, RightsCommand.self, ReadCommand.self, WriteCommand.self,
      CaptureCommand.self, ReplayCommand.self, TopCommand.self,
      EchoCommand.self,
      QueryCommand.self, SetCommand.self, OIDsCommand.self, StatsCommand.self, WaitCommand.self,
      WatchCommand.self, PauseCommand.self, RestartCommand.self, CloseCommand.self,
      ReloadCommand.self,
      PolicyCommand.self, StatusCommand.self, ObjectsCommand.self, TraceCommand.self,
      DoctorCommand.self,
      ReportCommand.self, ProttestCommand.self, MetricsCommand.self,
    ])

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    throw ValidationError("no subcommand is given")
  }

  static func main() {
    fillStandardDescriptors()
    if let words = Extcap.arguments(programArguments(), calledAs: programName()) {
      Glibc.exit(Extcap.run(words))
    }
    Glibc.exit(runProgram(programArguments()))
  }
}

/// Runs the program; a plain function, because what is written in `main` is on the main actor.
///
/// - Returns: the exit code
private func runProgram(_ arguments: [String]) -> Int32 {
  do {
    var command = try NdisprotctlCommand.parseAsRoot(GlobalOptions.moved(arguments))
    try command.run()
    return 0
  } catch let failure as Failure {
    return failure.exitCode
  } catch {
    return Output.reportUsage(error)
  }
}

/// A failure that was reported already: only the exit code is left to say.
struct Failure: Error {
  let exitCode: Int32
}
