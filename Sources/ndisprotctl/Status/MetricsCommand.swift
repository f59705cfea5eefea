internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl metrics`.
struct MetricsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", abstract: "Prints every counter as OpenMetrics text.",
    discussion: Help.text(
      """
      For Prometheus, by way of node_exporter's textfile collector: with --file the text replaces the \
      file in one step, so that nobody reads half of it. Root sees everybody's opens and sessions, \
      others their own.
      """,
      ["ndisprotctl metrics"]))

  @OptionGroup var global: GlobalOptions
  @Option(help: ArgumentHelp("A file to write, such as ndisprot.prom.", valueName: "path"))
  var file: String?

  mutating func validate() throws {
    guard !global.json else {
      throw ValidationError("metrics prints OpenMetrics text. Write 'stats' for --json")
    }
  }

  mutating func run() throws {
    let program = Program(global, "metrics", .statistics)
    let connection = try program.connect()
    let objects = try program.attempt { () throws(ClientError) in try connection.statistics() }
    let text = MetricsText(objects).text
    guard let file else {
      StandardOutput.write(Array(text.utf8), to: 1)
      return
    }
    do throws(SystemError) {
      try FileBytes.replace(file, with: Array(text.utf8))
    } catch {
      throw program.fail(unwritable: file, error)
    }
  }
}
