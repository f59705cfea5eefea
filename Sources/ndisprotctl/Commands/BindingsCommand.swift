internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl bindings`.
struct BindingsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bindings", abstract: "Lists the interfaces that the daemon has bound.",
    discussion: Help.text(["ndisprotctl bindings", "ndisprotctl --json bindings"]))

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    let program = Program(global, "list bindings", .enumerate)
    let connection = try program.connect()
    let entries = try program.attempt { () throws(ClientError) in try connection.bindings() }
    if global.json {
      for entry in entries { program.output.standard.writeLine(Self.json(entry)) }
    } else {
      program.output.printTable(Self.table(entries))
    }
    program.output.standard.flush()
  }

  private static func json(_ entry: BindingEntry) -> String {
    var line = JSONLine()
    entry.addFields(to: &line)
    return line.closed
  }

  /// Rows under a heading.
  static func table(_ entries: [BindingEntry]) -> [[String]] {
    var rows = [
      ["IFINDEX", "NAME", "STATE", "LINK", "POWER", "ADDRESS", "MTU", "OPENS", "DESCRIPTION"]
    ]
    for entry in entries {
      rows.append([
        "\(entry.interfaceIndex)", entry.name.printableName, entry.state.name, entry.link.name,
        entry.powerName, entry.address.description, "\(entry.mtu)", "\(entry.openCount)",
        entry.descriptionText,
      ])
    }
    return rows
  }
}

extension MediaConnectState {
  /// The name printed by `bindings`.
  var name: String {
    switch self {
    case .connected: "up"
    case .disconnected: "down"
    case .unknown: "unknown"
    }
  }
}

extension BindingEntry {
  /// The word printed by `bindings`.
  var powerName: String { isPowered ? "on" : "low" }

  /// The text printed by `bindings`: the description, the master, and the alternative names.
  var descriptionText: String {
    var parts = [description.printable()]
    if let names {
      if !names.master.isEmpty { parts.append("master \(names.master.printableName)") }
      parts += names.alternativeNames.map { "altname \($0.printableName)" }
    }
    return parts.joined(separator: ", ")
  }

  /// Adds the fields of a binding for scripts.
  func addFields(to line: inout JSONLine) {
    line.add("ifindex", interfaceIndex)
    line.add("name", name)
    line.add("state", state.name)
    line.add("link", link.name)
    line.add("power", powerName)
    line.add("address", address.description)
    line.add("mtu", mtu)
    line.add("opens", openCount)
    line.add("description", description)
    guard let names else { return }
    line.add("kind", names.kind)
    line.add("master", names.master)
    line.add("altnames", names.alternativeNames)
  }
}
