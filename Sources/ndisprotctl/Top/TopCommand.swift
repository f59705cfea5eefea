internal import ArgumentParser
internal import Glibc
internal import NdisprotClient
internal import Platform

/// `ndisprotctl top`.
struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top", abstract: "Shows live traffic by client, and where frames get lost.",
    discussion: Help.text(
      """
      A line for each binding and below it one for each client, with rates since the last one. On a \
      terminal the table is drawn again every interval until q; i, o, l, b, c and u sort it by what \
      comes in, goes out, is lost, waits, costs processor time, and by user. Elsewhere one table follows \
      another. Root sees all clients, other users their own.
      """,
      ["ndisprotctl top", "ndisprotctl top --once --sort lost"]))

  @OptionGroup var global: GlobalOptions

  @Option(help: ArgumentHelp("How often.", valueName: "s"))
  var interval: SecondsArgument?

  @Option(
    name: .customLong("sort"),
    help: ArgumentHelp("in, out, lost, queue, cpu or user.", valueName: "key"))
  var key = TopKey.received

  @Flag(help: "Prints one table, of one interval, and ends.")
  var once = false

  mutating func validate() throws {
    if let interval, interval.duration < .milliseconds(100) {
      throw ValidationError("--interval is shorter than what can be read. Write 0.1 or more")
    }
  }

  mutating func run() throws {
    let program = Program(global, "top", .statistics)
    let connection = try program.connect()
    var screen = once || global.json ? nil : TopScreen()
    var failure: ClientError?
    do throws(ClientError) {
      try show(connection, screen, program.output)
    } catch {
      failure = error == .interrupted ? nil : error
    }
    // A failure is reported on the normal screen.
    screen?.restore()
    screen = nil
    if let failure { throw program.fail(failure) }
  }

  private mutating func show(
    _ connection: Connection, _ screen: TopScreen?, _ output: Output
  ) throws(ClientError) {
    var (earlier, later) = (try Self.sample(connection), TrafficSample?.none)
    while true {
      guard try wait(screen, connection, earlier, later) else { return }
      if let later { earlier = later }
      let now = try Self.sample(connection)
      later = now
      let table = TopTable(rates: TrafficRates(from: earlier, to: now, by: key), key: key)
      if let screen {
        draw(table, screen)
      } else if global.json {
        output.standard.writeLine(table.json(nanoseconds: realtimeNanoseconds()).closed)
      } else {
        (table.lines() + (once ? [] : [""])).forEach(output.standard.writeLine)
      }
      output.standard.flush()
      if once { return }
    }
  }

  private static func sample(_ connection: Connection) throws(ClientError) -> TrafficSample {
    TrafficSample(try connection.statistics(), nanoseconds: monotonicNanoseconds())
  }

  private func draw(_ table: TopTable, _ screen: TopScreen) {
    let (columns, rows) = Terminal.size(STDOUT_FILENO)
    let time = FramePrinter.timeOfDay(realtimeNanoseconds()).prefix(8)
    let title = "ndisprotctl top  \(time)  sorted by \(key.rawValue)  (i o l b c u sort, q ends)"
    screen.show(
      [String(title.prefix(columns)), ""] + table.lines(columns: columns, rows: max(1, rows - 2)))
  }

  /// Waits for an interval; keys and a new terminal size take effect at once.
  ///
  /// - Returns: false if the user wants to quit
  private mutating func wait(
    _ screen: TopScreen?, _ connection: Connection, _ earlier: TrafficSample,
    _ later: TrafficSample?
  ) throws(ClientError) -> Bool {
    let end = Deadline(after: interval?.duration ?? .seconds(1))
    var size = Terminal.size(STDOUT_FILENO)
    while !end.isPast {
      if connection.interruption?.isRaised == true { throw .interrupted }
      guard let screen else {
        usleep(20_000)
        continue
      }
      let pressed = screen.key(milliseconds: 50)
      if pressed == "q" { return false }
      let chosen = pressed.flatMap { letter in TopKey.allCases.first { $0.letter == letter } }
      let newSize = Terminal.size(STDOUT_FILENO)
      guard chosen != nil || newSize != size else { continue }
      (key, size) = (chosen ?? key, newSize)
      if let later {
        draw(TopTable(rates: TrafficRates(from: earlier, to: later, by: key), key: key), screen)
      }
    }
    return true
  }
}
