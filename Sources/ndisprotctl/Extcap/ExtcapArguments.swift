internal import CaptureFile

/// Wireshark's request to an extcap program, parsed from its arguments.
///
/// Unknown options are ignored: a newer Wireshark may have more. Values follow a space or an equals
/// sign. The dialog passes its options with their defaults, so a default value means "not set".
///
/// - Source: Wireshark Developer's Guide, "Extcap: Developer Reference"
struct ExtcapArguments: Equatable {
  /// The requested task.
  enum Task: Equatable {
    case interfaces
    case linkTypes
    case configuration
    case capture
    /// Checks a filter without capturing.
    case filterCheck
    case nothing
  }

  /// The prefix of interface names in Wireshark, so that they differ from the machine's own.
  static let prefix = "ndisprot-"

  private(set) var task = Task.nothing
  /// The interface's own name; empty if none is given.
  private(set) var interface = ""
  private(set) var fifo = ""
  private(set) var filter = ""
  private(set) var etherTypes = ""
  private(set) var groups = ""
  /// nil means what the rules allow.
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
    // A switch without a value is on.
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
