internal import ArgumentParser
internal import NdisprotClient

/// An OID as the command line names it.
struct OIDArgument: ExpressibleByArgument {
  let oid: OID

  init?(argument: String) {
    guard let oid = OID(named: argument) else { return nil }
    self.oid = oid
  }
}

/// `ndisprotctl query`.
struct QueryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "Prints the value of an OID.")

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
    discussion: """
      The packet filter and the multicast list belong to an open and go with it: setting them here \
      shows whether the daemon takes the value.
      """)

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
      throw ValidationError(
        "'\(value)' is no value of \(oid.nameOrNumber). Write \(OIDValue.form(for: oid))")
    }
    let program = Program(global, "set \(oid.nameOrNumber) of \(name)", .set, binding: name)
    let connection = try program.connect()
    let open = try program.open(binding, connection, etherTypes: .empty)
    try program.attempt { () throws(ClientError) in try open.set(oid, bytes) }
  }
}

/// `ndisprotctl oids`.
struct OIDsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "oids", abstract: "Lists OIDs: those known here, or those of a binding.")

  @OptionGroup var global: GlobalOptions
  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument?

  mutating func run() throws {
    let program = Program(
      global, "list OIDs", .query, binding: binding?.description ?? "")
    let oids = try binding.map { try supported($0, program) } ?? OID.supported.map(\.oid)
    for oid in oids { program.output.standard.writeLine(line(oid)) }
    program.output.standard.flush()
  }

  /// What the daemon says it supports.
  private func supported(_ binding: BindingArgument, _ program: Program) throws -> [OID] {
    let connection = try program.connect()
    let open = try program.open(binding, connection, etherTypes: .empty)
    let bytes = try program.attempt { () throws(ClientError) in try open.query(.supportedList) }
    return OIDValue(oid: .supportedList, bytes: bytes).oids
  }

  private func line(_ oid: OID) -> String {
    let access = oid.description.map { ($0.canQuery ? "query" : "", $0.canSet ? "set" : "") }
    let verbs = access.map { [$0.0, $0.1].filter { !$0.isEmpty } } ?? []
    guard global.json else {
      return "\(oid.numberText)  \(oid.nameOrNumber)  \(verbs.joined(separator: ","))"
    }
    var line = JSONLine()
    line.add("oid", oid.nameOrNumber)
    line.add("number", oid.rawValue)
    line.add("access", verbs)
    return line.closed
  }
}
