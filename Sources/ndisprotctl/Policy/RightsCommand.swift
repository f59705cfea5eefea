internal import ArgumentParser
internal import NDIS
internal import NdisprotClient

/// `ndisprotctl rights`.
struct RightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rights", abstract: "Lists what the caller may do, interface by interface.",
    discussion: Help.text(
      """
      One line for each rule that gives anything, in the order in which they decide: of several for one \
      EtherType the first counts. policy explain names the rules.
      """,
      ["ndisprotctl rights"]))

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    let program = Program(global, "list rights", .enumerate)
    let connection = try program.connect()
    let entries = try program.attempt { () throws(ClientError) in try connection.bindings() }
    if global.json {
      entries.flatMap(Self.json).forEach(program.output.standard.writeLine)
    } else {
      program.output.printTable(Self.table(entries))
    }
    program.output.standard.flush()
    if entries.isEmpty { program.output.hint("no interface is bound that a rule lets you use") }
  }

  static func table(_ entries: [BindingEntry]) -> [[String]] {
    [["NAME", "ETHERTYPES", "RIGHTS"]]
      + entries.flatMap { entry in
        (entry.access ?? []).map { row in
          [
            entry.name.printable(), words(row.etherTypes).joined(separator: ","),
            row.rights.words.joined(separator: ","),
          ]
        }
      }
  }

  private static func json(_ entry: BindingEntry) -> [String] {
    (entry.access ?? []).map { row in
      var line = JSONLine()
      line.add("ifindex", entry.interfaceIndex)
      line.add("name", entry.name)
      line.add("ethertypes", numbers(row.etherTypes))
      line.add("rights", row.rights.words)
      return line.closed
    }
  }

  /// For people: names, where they exist.
  private static func words(_ types: EtherTypeSet) -> [String] {
    types.isAny
      ? ["any"] : types.values.map { EtherTypeName.name(of: $0) ?? "0x" + String($0, radix: 16) }
  }

  /// For programs: `any`, `llc` and numbers.
  private static func numbers(_ types: EtherTypeSet) -> [String] {
    if types.isAny { return ["any"] }
    return types.values.map { $0 == EtherTypeSet.llcValue ? "llc" : "0x" + String($0, radix: 16) }
  }
}
