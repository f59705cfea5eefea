internal import CaptureFile

/// What Wireshark asks of an extcap program, read from its arguments.
///
/// Every option that is not known is passed over: a newer Wireshark may have more. Values come behind a space or
/// an equals sign. Options of the dialogue come back with their defaults, so a default is as good as nothing.
///
/// - Source: Wireshark Developer's Guide, "Extcap: Developer Reference"
struct ExtcapArguments: Equatable {
  /// What is wanted.
  enum Task: Equatable {
    case interfaces
    case linkTypes
    case configuration
    case capture
    /// A filter is to be looked at, and nothing captured.
    case filterCheck
    case nothing
  }

  /// The name of an interface in Wireshark is this and the interface's: it must not be one of the machine's.
  static let prefix = "ndisprot-"

  private(set) var task = Task.nothing
  /// The interface's own name; empty if none is named.
  private(set) var interface = ""
  private(set) var fifo = ""
  private(set) var filter = ""
  private(set) var etherTypes = ""
  private(set) var groups = ""
  /// nil is what the rules allow.
  private(set) var isOutgoing: Bool?
  private(set) var isPromiscuous = false
  private(set) var socket = ""

  init(_ arguments: [String]) {
    var values: [String: String] = [:]
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      index += 1
      guard argument.hasPrefix("--") else { continue }
      if let equals = argument.firstIndex(of: "=") {
        values[String(argument[..<equals])] = String(argument[argument.index(after: equals)...])
      } else if index < arguments.count, !arguments[index].hasPrefix("--") {
        values[argument] = arguments[index]
        index += 1
      } else {
        values[argument] = ""
      }
    }
    let name = values["--extcap-interface"] ?? ""
    interface = name.hasPrefix(Self.prefix) ? String(name.dropFirst(Self.prefix.utf8.count)) : name
    fifo = values["--fifo"] ?? ""
    filter =
      values["--filter"].flatMap { $0.isEmpty ? nil : $0 } ?? values["--extcap-capture-filter"]
      ?? ""
    etherTypes = values["--ethertypes"] ?? ""
    groups = values["--groups"] ?? ""
    // A switch without a value is set.
    isOutgoing = values["--outgoing"].map { $0 != "false" }
    isPromiscuous = values["--promiscuous"].map { $0 != "false" } ?? false
    socket = values["--socket"] ?? ""
    task = Self.task(values)
  }

  private static func task(_ values: [String: String]) -> Task {
    if values["--extcap-interfaces"] != nil { return .interfaces }
    if values["--extcap-dlts"] != nil { return .linkTypes }
    if values["--extcap-config"] != nil { return .configuration }
    if values["--capture"] != nil { return .capture }
    return values["--extcap-capture-filter"] != nil ? .filterCheck : .nothing
  }
}
