internal import ArgumentParser
internal import Glibc
internal import NdisprotClient
internal import Platform

/// The message about an invalid command line; help and version are no errors.
struct UsageReport {
  private let isJSON: Bool
  private let screen: Screen

  /// Looks for `--json` and `--color` in a command line that may be invalid in any way.
  init(_ arguments: [String]) {
    isJSON = arguments.contains("--json")
    screen = Screen(color: GlobalOptions.color(in: arguments))
  }

  /// Reports the parser's message.
  ///
  /// - Returns: the exit code
  func report(_ error: any Error) -> Int32 {
    let code = NdisprotctlCommand.exitCode(for: error)
    let text = NdisprotctlCommand.fullMessage(for: error, columns: screen.helpColumns)
    guard !code.isSuccess else {
      StandardOutput.write(Array("\(screen.help(text))\n".utf8), to: STDOUT_FILENO)
      return 0
    }
    let sentence = Self.sentence(NdisprotctlCommand.message(for: error), text)
    guard isJSON else {
      StandardOutput.write(Array("\(screen.message(sentence))\n".utf8), to: STDERR_FILENO)
      return 64
    }
    var line = JSONLine()
    line.add("event", "error")
    line.add("operation", "usage")
    line.add("status", raw: "null")
    line.add("name", "usage")
    line.add("message", sentence)
    StandardOutput.write(Array("\(line.closed)\n".utf8), to: STDOUT_FILENO)
    return 64
  }

  /// The line for a message of the parser, given its whole text with the usage.
  static func sentence(_ cause: String, _ full: String) -> String {
    UsageMessage(cause: cause, full: full, forms: forms).text
  }

  /// What to write for an argument with an invalid value, by the parser's name for it.
  private static let forms: [UsageMessage.Form] =
    [
      UsageMessage.Form("<oid>") { value in
        let nearest =
          Suggestion.nearest(to: value, in: OID.supported.map(\.shortName))
          ?? Suggestion.nearest(to: value.uppercased(), in: OID.supported.map(\.name))
        return (nearest.map { "Did you mean \($0)? " } ?? "")
          + "Write a name that 'ndisprotctl oids' lists, or a number such as 0x01010102"
      },
      UsageMessage.Form("<type>") { typeRemedy($0) },
      UsageMessage.Form("<ether-type>") { typeRemedy($0) },
    ]
    + [
      ("<binding>", "the name of an interface such as eth0, or @ and its index such as @2"),
      ("<bindings> ...", "the name of an interface such as eth0"),
      ("<interface>", "the name of an interface such as eth0"),
      ("<user>", "a user's name or number"), ("<subject>", "a user's name, or : and a group's"),
      ("<protocols> ...", "an EtherType such as lldp or 0x88b5"),
      ("<value>", "a value; 'ndisprotctl set --help' says which"),
      ("<mac>", "an address such as 02:00:00:00:00:01"), ("<s>", "seconds such as 5 or 0.5"),
      ("<count>", "a whole number such as 10"), ("<length>", "a whole number such as 60"),
      ("<bytes>", "a whole number such as 64"), ("<frames>", "a whole number such as 512"),
      ("<when>", "auto, always or never"), ("<path>", "the path of a file"),
      ("<file>", "the path of a file"), ("<hex>", "hexadecimal digits such as 01a0ff"),
      ("<size>", "a number of bytes such as 500k, 10M or 1G"),
      ("<files>", "a whole number such as 10"),
      ("<format>", "pcapng or pcap"), ("<direction>", "in, out or both"),
      ("<pace>", "original, topspeed, frames a second such as 1000, or a multiple such as x2"),
      ("<key>", "in, out, lost, queue, cpu or user"),
      ("<style>", "day, date, utc, delta or epoch"),
      ("<component>", "wdf, ndis, send, receive or control"),
    ].map { row in UsageMessage.Form(row.0) { _ in "Write \(row.1)" } }

  private static func typeRemedy(_ value: String) -> String {
    let nearest = Suggestion.nearest(to: value, in: EtherTypeName.table.map(\.name))
    return (nearest.map { "Did you mean \($0)? " } ?? "")
      + "Write a name such as lldp, a number from 0x0600 to 0xfffe, llc, or any"
  }
}
