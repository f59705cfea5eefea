internal import ArgumentParser
internal import Glibc
internal import NdisprotClient

/// `ndisprotctl doctor`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what keeps clients from working, and what to do about it.",
    discussion: Help.text(
      """
      Checks the kernel, the login, the socket, the units, the capability, the rules, links, offloads, \
      bridges, and which other programs use the interfaces. One cause is one FAIL. Changes nothing. \
      Exits with 1 if something is wrong.
      """,
      ["ndisprotctl doctor"]))

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    let program = Program(global, "reach the daemon", .connect)
    let findings = DoctorChecks(program: program).findings()
    for finding in findings {
      let lines =
        global.json ? [finding.json.closed] : finding.lines(on: program.output.screen)
      lines.forEach(program.output.standard.writeLine)
    }
    program.output.standard.flush()
    if findings.contains(where: \.isFailure) { throw Failure(exitCode: 1) }
  }
}

/// `ndisprotctl report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Prints what a maintainer needs to see: no frame, no byte of one.",
    discussion: Help.text(
      """
      Versions, the findings of doctor, the status, bindings, counters, the units and the end of the journal. \
      Addresses of interfaces and names of users are in it.
      """,
      ["ndisprotctl report"]))

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    let program = Program(global, "reach the daemon", .connect)
    let version = NdisprotctlCommand.configuration.version.split(separator: "\n").map(String.init)
    section("versions", version + ["Linux \(HostFacts.kernelRelease)"], program)
    section("doctor", DoctorChecks(program: program).findings().map(\.line), program)
    if let connection = try? program.newConnection() {
      let unit = ServiceUnit.serving(program.socketPath)?.service
      section("status", (try? StatusView(connection, unit))?.text ?? [], program)
      let entries = try? connection.bindings()
      let rows = entries.map(BindingsCommand.table) ?? []
      section("bindings", TextTable.lines(rows), program)
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
