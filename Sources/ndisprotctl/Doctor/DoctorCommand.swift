internal import ArgumentParser
internal import Glibc
internal import NdisprotClient

/// `ndisprotctl doctor`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what keeps clients from working, and what to do about it.",
    discussion: """
      Checks the kernel, the group, the socket, the units, the capability, links, and who else uses \
      the interfaces. Changes nothing. Exits with 1 if something is wrong.
      """)

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    let program = Program(global, "reach the daemon", .connect)
    let findings = Checkup(program: program).findings()
    for finding in findings {
      program.output.standard.writeLine(global.json ? finding.json.closed : finding.line)
    }
    program.output.standard.flush()
    if findings.contains(where: { $0.remedy != nil }) { throw Failure(exitCode: 1) }
  }
}

/// `ndisprotctl report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Prints what a maintainer needs to see: no frame, no byte of one.",
    discussion: """
      Versions, the findings of doctor, the status, bindings, counters, the units and the end of the journal. \
      Addresses of interfaces and names of users are in it.
      """)

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    let program = Program(global, "reach the daemon", .connect)
    let version = NdisprotctlCommand.configuration.version
    section("versions", ["ndisprotctl \(version)", "Linux \(HostFacts.kernelRelease)"], program)
    section("doctor", Checkup(program: program).findings().map(\.line), program)
    if let connection = try? program.newConnection() {
      let unit = ServiceUnit.serving(program.socketPath)?.service
      section("status", (try? StatusView(connection, unit))?.text ?? [], program)
      section("bindings", (try? connection.bindings()).map(BindingsCommand.table) ?? [], program)
      let counters = (try? connection.statistics(interfaceIndex: 0)) ?? []
      section("counters", counters.flatMap(StatsCommand.text), program)
    }
    for command in [
      "systemctl --no-pager cat ndisprot.socket ndisprotd.service",
      "systemctl --no-pager status ndisprot.socket ndisprotd.service",
      "journalctl --no-pager -q -n 200 -u ndisprotd.service -u ndisprot.socket",
    ] {
      let lines = (HostFacts.output(of: command) ?? "not available").split(separator: "\n")
      section(command, lines.map { String($0).printable() }, program)
    }
    program.output.standard.flush()
  }

  private func section(_ title: String, _ lines: [String], _ program: Program) {
    guard global.json else {
      program.output.standard.writeLine("== \(title)")
      lines.forEach(program.output.standard.writeLine)
      return
    }
    var object = JSONLine()
    object.add("event", "section")
    object.add("title", title)
    object.add("lines", lines)
    program.output.standard.writeLine(object.closed)
  }
}
