internal import ArgumentParser
internal import NdisprotClient

/// A part of the daemon as the command line names it.
enum TraceComponentArgument: String, ExpressibleByArgument, CaseIterable {
  case wdf, ndis, send, receive, control
}

/// `ndisprotctl trace`.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Prints the last 4096 events inside the daemon.",
    discussion: """
      For administrators: root, and the user whose daemon it is. Nothing is recorded until \
      'ndisprotctl trace --on', which begins with an empty ring; '--off' stops, and keeps what is \
      there. With a BINDING only its own events are printed.
      """)

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
    let lines = global.json ? entries.map(Self.json) : TextTable.lines(Self.table(entries))
    lines.forEach(program.output.standard.writeLine)
    program.output.standard.flush()
    if entries.isEmpty, !reply.isRecording, !global.json {
      program.output.hint("nothing is being recorded: begin with 'ndisprotctl trace --on'")
    }
  }

  static func table(_ entries: [TraceEntry]) -> [[String]] {
    let title = [
      "SEQUENCE", "TIME", "THREAD", "COMPONENT", "EVENT", "OBJECT", "IFINDEX", "VALUES",
    ]
    return [title]
      + entries.map { entry in
        [
          "\(entry.sequence)", entry.nanoseconds.secondsText, "\(entry.threadID)",
          entry.component.printable(), entry.name.printable(), entry.object?.objectText ?? "-",
          entry.interfaceIndex == 0 ? "-" : "\(entry.interfaceIndex)",
          "\(entry.first) \(entry.second)",
        ]
      }
  }

  static func json(_ entry: TraceEntry) -> String {
    var line = JSONLine()
    line.add("sequence", entry.sequence)
    line.add("timeSeconds", raw: entry.nanoseconds.secondsText)
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
    return line.closed
  }
}
