internal import ArgumentParser
internal import NDIS
internal import NdisprotClient

/// `ndisprotctl policy`.
struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Says what the access policy decides, checks and extends it.",
    discussion: Help.text([
      "ndisprotctl policy explain alice eth0 lldp",
      "ndisprotctl policy test /etc/ndisprot/ndisprotd.toml",
    ]),
    subcommands: [ExplainCommand.self, PolicyAddCommand.self, PolicyTestCommand.self])
}

/// `ndisprotctl policy explain`.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says which rule decides about a user's frames, and what it gives.",
    discussion: Help.text(
      """
      USER is a name or a number; administrators may ask about everybody, others about themselves. \
      One line a VLAN: none, those that a rule names, and all others.
      """,
      ["ndisprotctl policy explain alice eth0 eapol"]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "A user, by name or number.", completion: Completion.users)
  var user: String
  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument
  @Argument(help: "A name such as lldp, a number such as 0x88cc, llc, or any.")
  var etherType: EtherTypeArgument

  mutating func run() throws {
    let program = Program(
      global, "policy explain \(user.printable())", .administer, binding: binding.description)
    let connection = try program.connect()
    let name: String
    switch binding {
    case .name(let given): name = given
    case .index: name = try program.entry(binding, connection).name
    }
    let type = etherType.value
    let reply = try program.attempt { () throws(ClientError) in
      guard let user = try userNumber(of: user) else { throw .refused(.notFound, .administer) }
      return try connection.explain(user: user, binding: name, etherType: type)
    }
    if global.json {
      for row in reply.decisions {
        program.output.standard.writeLine(Self.json(row, reply.userID))
      }
    } else {
      program.output.printTable(Self.table(reply.decisions))
    }
    program.output.standard.flush()
    for note in reply.notes { program.output.hint("note: \(note.printable())") }
  }

  static func table(_ decisions: [Decision]) -> [[String]] {
    [["VLAN", "RIGHTS", "RULE", "WHERE", "FRAMES/S", "BYTES/S"]]
      + decisions.map { row in
        [
          vlan(row), row.rights.isEmpty ? "nothing" : row.rights.words.joined(separator: ","),
          row.rule.isEmpty ? "no rule" : row.rule.printable(),
          row.origin.isEmpty ? "-" : row.origin.printable(),
          row.framesPerSecond == 0 ? "-" : "\(row.framesPerSecond)",
          row.bytesPerSecond == 0 ? "-" : "\(row.bytesPerSecond)",
        ]
      }
  }

  private static func vlan(_ row: Decision) -> String {
    switch row.vlan {
    case 0: "none"
    case .max: "others"
    default: "\(row.vlan)"
    }
  }

  static func json(_ row: Decision, _ userID: UInt32) -> String {
    var line = JSONLine()
    line.add("uid", userID)
    line.add("vlan", vlan(row))
    line.add("rights", row.rights.words)
    line.add("rule", row.rule)
    line.add("origin", row.origin)
    line.add("framesPerSecond", limit: row.framesPerSecond)
    line.add("bytesPerSecond", limit: row.bytesPerSecond)
    return line.closed
  }
}
