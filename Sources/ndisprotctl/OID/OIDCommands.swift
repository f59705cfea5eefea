internal import ArgumentParser
internal import NdisprotClient

/// The command line's name for an OID.
struct OIDArgument: ExpressibleByArgument {
  let oid: OID

  static var defaultCompletionKind: CompletionKind { .list(OID.supported.map(\.shortName)) }

  init?(argument: String) {
    guard let oid = OID(named: argument) else { return nil }
    self.oid = oid
  }
}

/// `ndisprotctl query`.
struct QueryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "Prints the value of an OID, with its unit.",
    discussion: Help.text(
      "What Linux does not count is said to be not counted, and null with --json.",
      ["ndisprotctl query eth0 link-state", "ndisprotctl --json query eth0 current-address"]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument
  @Argument(help: "A name, a short name or a number, see 'ndisprotctl oids'.")
  var oid: OIDArgument

  mutating func run() throws {
    let name = binding.description
    let program = Program(
      global, "query \(oid.oid.nameOrNumber) of \(name)", .query, binding: name)
    let connection = try program.connect()
    let open = try program.open(binding, connection, etherTypes: .empty)
    let oid = oid.oid
    let bytes = try program.attempt { () throws(ClientError) in try open.query(oid) }
    let value = OIDValue(oid: oid, bytes: bytes)
    if global.json {
      var line = JSONLine()
      line.add("oid", oid.nameOrNumber)
      line.add("number", oid.rawValue)
      line.add("value", raw: value.json)
      line.add("unit", value.unit)
      line.add("bytes", bytes.hex)
      program.output.standard.writeLine(line.closed)
    } else {
      program.output.standard.writeLine(value.text)
    }
    program.output.standard.flush()
  }
}

/// `ndisprotctl set`.
struct SetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Sets the value of an OID.",
    discussion: Help.text(
      """
      What can be set belongs to an open: the value ends with this command, which shows whether the \
      daemon takes it. Programs set it in an open of their own.
      """,
      [
        "ndisprotctl set eth0 current-packet-filter directed,broadcast",
        "ndisprotctl set eth0 multicast-list 01:80:c2:00:00:0e",
      ]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument
  @Argument(help: "A name, a short name or a number, see 'ndisprotctl oids'.")
  var oid: OIDArgument
  @Argument(
    help: "By type: a number, an address, addresses joined by commas, names of filter bits.")
  var value: String

  mutating func run() throws {
    let (name, oid) = (binding.description, oid.oid)
    guard let bytes = OIDValue.bytes(of: value, for: oid) else {
      if oid.description?.canSet == false {
        throw ValidationError(
          "\(oid.nameOrNumber) cannot be set. See 'ndisprotctl oids' for those that can")
      }
      throw ValidationError(
        "'\(value)' is no value of \(oid.nameOrNumber). Write \(OIDValue.form(for: oid))")
    }
    let program = Program(global, "set \(oid.nameOrNumber) of \(name)", .set, binding: name)
    let connection = try program.connect()
    let open = try program.open(binding, connection, etherTypes: .empty)
    try program.attempt { () throws(ClientError) in try open.set(oid, bytes) }
    if global.json {
      var line = JSONLine()
      line.add("event", "set")
      line.add("binding", open.name)
      line.add("oid", oid.nameOrNumber)
      line.add("number", oid.rawValue)
      line.add("bytes", bytes.hex)
      program.output.standard.writeLine(line.closed)
    } else {
      program.output.standard.writeLine(
        "\(open.name.printableName) takes the value; it ended with this command's open")
    }
    program.output.standard.flush()
  }
}

/// `ndisprotctl oids`.
struct OIDsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "oids", abstract: "Lists OIDs: those known here, or those of a binding.",
    discussion: Help.text(
      "The short name is what query and set take, besides the whole name and the number.",
      ["ndisprotctl oids", "ndisprotctl oids eth0"]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument?

  mutating func run() throws {
    let program = Program(
      global, "list OIDs", .query, binding: binding?.description ?? "")
    let oids = try binding.map { try supported($0, program) } ?? OID.supported.map(\.oid)
    if global.json {
      for oid in oids { program.output.standard.writeLine(Self.json(oid)) }
    } else {
      program.output.printTable(Self.table(oids, columns: program.output.screen.columns))
    }
    program.output.standard.flush()
  }

  /// The OIDs that the daemon reports as supported.
  private func supported(_ binding: BindingArgument, _ program: Program) throws -> [OID] {
    let connection = try program.connect()
    let open = try program.open(binding, connection, etherTypes: .empty)
    let bytes = try program.attempt { () throws(ClientError) in try open.query(.supportedList) }
    return OIDValue(oid: .supportedList, bytes: bytes).oids
  }

  /// A row for each; the full name is omitted where it does not fit.
  static func table(_ oids: [OID], columns: Int?) -> [[String]] {
    let hasNames = columns.map { $0 >= 100 } ?? true
    return [["NUMBER", "SHORT NAME", "ACCESS", "UNIT"] + (hasNames ? ["NAME"] : [])]
      + oids.map { oid in
        let unit = OIDMeaning(oid).unit
        return [
          oid.numberText, oid.description?.shortName ?? "-", access(oid).joined(separator: ","),
          unit.isEmpty ? "-" : unit,
        ] + (hasNames ? [oid.nameOrNumber] : [])
      }
  }

  private static func access(_ oid: OID) -> [String] {
    guard let row = oid.description else { return [] }
    return (row.canQuery ? ["query"] : []) + (row.canSet ? ["set"] : [])
  }

  private static func json(_ oid: OID) -> String {
    var line = JSONLine()
    line.add("oid", oid.nameOrNumber)
    line.add("shortName", oid.description?.shortName ?? "")
    line.add("number", oid.rawValue)
    line.add("access", access(oid))
    line.add("unit", OIDMeaning(oid).unit)
    return line.closed
  }
}
