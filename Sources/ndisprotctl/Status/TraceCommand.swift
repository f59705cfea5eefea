internal import ArgumentParser
internal import NdisprotClient
internal import Platform

/// The command line's name for a part of the daemon.
enum TraceComponentArgument: String, ExpressibleByArgument, CaseIterable {
  case wdf, ndis, send, receive, control
}

/// `ndisprotctl trace`.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Prints the last 4096 events inside the daemon.",
    discussion: Help.text(
      """
      For administrators: root, and the user that runs the daemon. Nothing is recorded until \
      'ndisprotctl trace --on', which begins with an empty ring; '--off' stops, and keeps what is \
      there. With a BINDING only its own events are printed. Times are those of the journal, as \
      'journalctl -o short-precise' shows them.
      """,
      ["ndisprotctl trace --on", "ndisprotctl trace eth0 --component send"]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "An interface name, or @N, its index (default: all).")
  var binding: BindingArgument?
  @Option(help: "Only events of this part; may be repeated.")
  var component: [TraceComponentArgument] = []
  @Flag(exclusivity: .exclusive, help: "Begin or stop recording, and print nothing.")
  var recording: Recording?

  /// The two flags.
  enum Recording: String, EnumerableFlag {
    case on, off
  }

  mutating func run() throws {
    let program = Program(
      global, "trace", .administer, binding: binding?.description ?? "")
    let connection = try program.connect()
    if let recording {
      _ = try program.attempt { () throws(ClientError) in
        try connection.trace(from: .max, recording == .on ? .on : .off)
      }
      return
    }
    let index = try binding.map { try program.entry($0, connection).interfaceIndex }
    let reply = try program.attempt { () throws(ClientError) in try connection.trace() }
    let wanted = Set(component.map(\.rawValue))
    let entries = reply.entries.filter { entry in
      (index == nil || entry.interfaceIndex == index)
        && (wanted.isEmpty || wanted.contains(entry.component))
    }
    if global.json {
      entries.map(Self.json).forEach(program.output.standard.writeLine)
    } else {
      program.output.printTable(Self.table(entries))
    }
    program.output.standard.flush()
    if entries.isEmpty, !reply.isRecording, !global.json {
      program.output.hint("nothing is being recorded: begin with 'ndisprotctl trace --on'")
    }
  }

  static func table(_ entries: [TraceEntry]) -> [[String]] {
    let title = [
      "SEQUENCE", "TIME", "THREAD", "COMPONENT", "EVENT", "OBJECT", "IFINDEX", "VALUES",
    ]
    let offset = clockOffset
    return [title]
      + entries.map { entry in
        [
          "\(entry.sequence)", (entry.nanoseconds &+ offset).journalText, "\(entry.threadID)",
          entry.component.printable(), entry.name.printable(), entry.object?.objectText ?? "-",
          entry.interfaceIndex == 0 ? "-" : "\(entry.interfaceIndex)",
          TraceValues.text(entry).printable(),
        ]
      }
  }

  /// The offset from the monotonic clock of the events to the time of day that the journal shows.
  private static var clockOffset: UInt64 { realtimeNanoseconds() &- monotonicNanoseconds() }

  static func json(_ entry: TraceEntry) -> String {
    var line = JSONLine()
    line.add("sequence", entry.sequence)
    line.add("timeSeconds", raw: entry.nanoseconds.secondsText)
    line.add("timestampNanoseconds", time: entry.nanoseconds &+ clockOffset)
    line.add("thread", entry.threadID)
    line.add("component", entry.component)
    line.add("name", entry.name)
    if let object = entry.object {
      line.add("object", object.objectText)
    } else {
      line.add("object", raw: "null")
    }
    line.add("ifindex", entry.interfaceIndex)
    line.add("values", raw: "[\(entry.first),\(entry.second)]")
    line.add("explanation", TraceValues.text(entry))
    return line.closed
  }
}
