internal import ArgumentParser
internal import Glibc
internal import NDIS
internal import NdisprotClient

/// `ndisprotctl metrics`.
struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "Prints what the daemon counts, for Prometheus.",
    discussion: Help.text(
      """
      In the text format 0.0.4, which node_exporter's textfile collector reads. With --file the text \
      replaces the file in one step, so that it is never read half written; if no daemon answers the \
      file is removed, and the exit code is 3. Root sees what all users do, others their own.
      """,
      [
        "ndisprotctl metrics",
        "ndisprotctl metrics --file /var/lib/prometheus/node-exporter/ndisprot.prom",
      ]))

  @OptionGroup var global: GlobalOptions
  @Option(help: ArgumentHelp("A file to write, such as ndisprot.prom.", valueName: "path"))
  var file: String?
  @Flag(name: .customLong("openmetrics"), help: "Print OpenMetrics 1.0 instead.")
  var isOpenMetrics = false

  mutating func validate() throws {
    guard !global.json else {
      throw ValidationError("metrics prints text for Prometheus. Write 'stats' for --json")
    }
  }

  mutating func run() throws {
    let program = Program(global, "metrics", .statistics)
    let text: String
    do throws(Failure) {
      text = try self.text(program)
    } catch {
      // Old values of a daemon that is gone, or hangs, would look like an idle daemon.
      if [3, 7].contains(error.exitCode), let file { unsafe unlink(file) }
      throw error
    }
    guard let file else {
      program.output.standard.writeLine(String(text.dropLast()))
      program.output.standard.flush()
      return
    }
    try write(text, to: file, program)
  }

  private func text(_ program: Program) throws(Failure) -> String {
    let units = ServiceUnit.serving(program.socketPath)
    // A connection would start the service.
    if let units, !units.service.isAlive {
      throw program.fail(sleeping: units.service, units.socket)
    }
    let connection = try program.connect()
    let format: MetricFormat = isOpenMetrics ? .openMetrics : .prometheus
    return try program.attempt { () throws(ClientError) in
      try MetricsText(connection).text(format)
    }
  }

  private func write(_ text: String, to file: String, _ program: Program) throws(Failure) {
    do throws(SystemError) {
      try FileBytes.replace(file, with: Array(text.utf8))
    } catch {
      throw program.fail(
        unwritable: file, error, "Name a file with --file in a directory where you may make one")
    }
  }
}

extension MetricsText {
  /// Queries a daemon; while its configuration is broken only its status is available.
  init(_ connection: Connection) throws(ClientError) {
    let status = try connection.status()
    do throws(ClientError) {
      // First: from then on this session is not counted.
      let totals = try connection.totals()
      var objects = try connection.statistics(of: .binding)
      objects += try connection.statistics(of: .daemon)
      objects += try connection.statistics(of: .limit)
      self.init(status, try connection.bindings(), objects + totals)
    } catch {
      guard error.status == .misconfigured || error.status == .notPermitted else { throw error }
      self.init(status, [], [])
    }
  }
}
