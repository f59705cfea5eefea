internal import ArgumentParser
internal import CaptureFile
internal import FrameFilter
internal import Glibc
internal import NDIS
internal import NdisprotClient
internal import Platform

/// `ndisprotctl` as a program in Wireshark's extcap folder: the bindings as interfaces to capture
/// on.
///
/// It acts as one when called through a link with `extcap` in its name, or as `ndisprotctl extcap`.
enum Extcap {
  /// The arguments if this program is called as an extcap; nil otherwise.
  static func arguments(_ arguments: [String], calledAs name: String) -> [String]? {
    let program = name.split(separator: "/").last ?? ""
    if program == "ndisprot" || program.contains("extcap") { return arguments }
    return arguments.first == "extcap" ? Array(arguments.dropFirst()) : nil
  }

  /// Answers Wireshark's request.
  ///
  /// - Returns: the exit code
  static func run(_ words: [String]) -> Int32 {
    let arguments = ExtcapArguments(words)
    do {
      switch arguments.task {
      case .interfaces: listInterfaces(arguments)
      case .linkTypes: write("dlt {number=1}{name=EN10MB}{display=Ethernet}")
      case .configuration: try listOptions(arguments)
      case .filterCheck: checkFilter(arguments.filter)
      case .capture: return try ExtcapCapture(arguments).run()
      case .nothing:
        write(
          "This is ndisprotctl for Wireshark: capture on interfaces of ndisprotd by its name there."
        )
      }
      return 0
    } catch let failure as Failure {
      return failure.exitCode
    } catch {
      Output(isJSON: false).hint("extcap: \(error)")
      return 1
    }
  }

  private static func write(_ line: String) {
    StandardOutput.write(Array("\(line)\n".utf8), to: STDOUT_FILENO)
  }

  /// Connects for a query: a daemon that does not answer must not delay Wireshark's start.
  static func connection(_ arguments: ExtcapArguments) throws(ClientError) -> Connection {
    try Connection(path: socketPath(arguments), timeout: .seconds(1))
  }

  /// The dialog passes its default back as a value, which must not override the environment.
  static func socketPath(_ arguments: ExtcapArguments) -> String {
    var global = GlobalOptions()
    global.socket =
      arguments.socket.isEmpty || arguments.socket == Connection.defaultPath
      ? nil : arguments.socket
    return global.socketPath
  }

  /// The bindings that the user may read; without a daemon none, and no error at every start of
  /// Wireshark.
  private static func listInterfaces(_ arguments: ExtcapArguments) {
    write("extcap {version=\(Build.version)}{display=ndisprotd}")
    let entries = (try? connection(arguments).bindings()) ?? []
    for entry in entries where !OwnRights(entry).etherTypes.isEmpty {
      let text = entry.description.isEmpty ? "" : " (\(entry.description.sentenceText))"
      write(
        "interface {value=\(ExtcapArguments.prefix)\(entry.name)}"
          + "{display=\(entry.name.sentenceText) through ndisprotd\(text)}")
    }
  }

  /// The options of the dialog and the toolbar, preset to what the user's rights allow.
  private static func listOptions(_ arguments: ExtcapArguments) throws(ClientError) {
    let entry = try? connection(arguments).bindings().first { $0.isNamed(arguments.interface) }
    let own = entry.map { OwnRights($0) }
    let types = own?.etherTypes.words ?? "any"
    let rows = [
      "{call=--ethertypes}{display=EtherTypes}{type=string}{default=\(types)}"
        + "{tooltip=any, or names and numbers with commas: lldp,0x88b5. Yours: \(types)}{group=Frames}",
      "{call=--groups}{display=Groups}{type=string}{default=\(own?.mayHearAllGroups == false ? "protocol" : "all")}"
        + "{tooltip=all, protocol, none, or addresses with commas; all needs the right set-oid, others join}{group=Frames}",
      "{call=--outgoing}{display=What this host sends, too}{type=boolean}"
        + "{default=\(own?.mayReadOutgoing == false ? "false" : "true")}"
        + "{tooltip=Needs the right all-frames}{group=Frames}",
      "{call=--promiscuous}{display=Promiscuous}{type=boolean}{default=false}"
        + "{tooltip=Needs the right promiscuous}{group=Frames}",
      "{call=--filter}{display=Filter}{type=string}{default=}"
        + "{tooltip=As pcap-filter(7) has it: ether src 02:00:00:00:00:01 and vlan 42}{group=Frames}",
      "{call=--socket}{display=Socket of the daemon}{type=string}{default=\(Connection.defaultPath)}"
        + "{group=Daemon}",
    ]
    for (number, row) in rows.enumerated() { write("arg {number=\(number)}" + row) }
  }

  /// Reports an invalid filter; a valid one produces no output.
  private static func checkFilter(_ filter: String) {
    guard !filter.isEmpty else { return }
    do throws(FrameFilterError) {
      _ = try FrameFilter(filter)
    } catch {
      write(FilterArgument.sentence(error, filter))
    }
  }
}

extension String {
  /// Without the characters that would end a value of an extcap sentence.
  fileprivate var sentenceText: String {
    String(printable().map { "{}=".contains($0) ? " " : $0 })
  }
}

extension EtherTypeSet {
  /// In the notation of the command line, separated by commas.
  var words: String {
    wireValues.map { EtherTypeName.name(of: $0) ?? "0x" + String($0, radix: 16) }
      .joined(separator: ",")
  }

  /// Parses the notation of `words`; nil if a word is not an EtherType, or there are too many.
  init?(words: String) {
    let parts = words.split { $0 == "," || $0 == " " }.map { EtherTypeName.value(of: String($0)) }
    let values = parts.compactMap(\.self)
    guard values.count == parts.count, (1...Self.maximumCount).contains(values.count) else {
      return nil
    }
    self.init(values)
  }
}
