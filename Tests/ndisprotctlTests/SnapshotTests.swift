import ArgumentParser
import Glibc
import NDIS
import NdisprotClient
import Testing

@testable import ndisprotctl

/// What people see, held to files: a change of help, errors or tables is seen in a review.
///
/// `NDISPROT_SNAPSHOTS=write` writes the files again.
@Suite("snapshots of what ndisprotctl prints")
struct SnapshotTests {
  static let widths = [60, 80, 120]

  @Test("the help of every subcommand fits the screen and has examples", arguments: widths)
  func help(_ columns: Int) throws {
    var text = ""
    for (path, command) in Self.commands {
      let screen = Screen(columns: columns)
      let help = NdisprotctlCommand.helpMessage(for: command, columns: screen.helpColumns)
      text += "$ \(path) --help\n\(help)\n\n"
      if command.configuration.subcommands.isEmpty {
        #expect(help.contains("Examples:\n  ndisprotctl "), "\(path) has no example")
      }
      // Usage lines and examples are to be typed as they stand.
      let long = help.split(separator: "\n").filter {
        $0.count > columns && !$0.hasPrefix("USAGE:") && !$0.hasPrefix("       ")
          && !$0.hasPrefix("  ndisprotctl ") && !$0.hasPrefix("  See '")
      }
      #expect(long.isEmpty, "\(path): \(long)")
    }
    try Snapshot.check("help-\(columns)", text)
  }

  @Test("every failure has the same sentence as before, and fits the screen", arguments: widths)
  func errors(_ columns: Int) throws {
    let screen = Screen(columns: columns)
    let messages = SentenceTests.failures.filter { failure in
      // What this machine shows of a daemon that is not there is not for a file.
      if case .cannotReach = failure.0 { return false }
      return true
    }.map { Output.message(for: $0.0, SentenceTests.context()) }
    let text = messages.map(screen.message).joined(separator: "\n")
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= columns })
    try Snapshot.check("errors-\(columns)", text)
  }

  @Test("tables fit the screen, or become records", arguments: widths)
  func tables(_ columns: Int) throws {
    let screen = Screen(columns: columns)
    let tables: [[[String]]] = [
      BindingsCommand.table(Self.bindings), ExplainCommand.table(Self.decisions),
      OIDsCommand.table(OID.supported.map(\.oid), columns: columns),
      TraceCommand.table([]),
    ]
    let lines = tables.map { TextTable.lines($0, on: screen, hasHeading: true) }
    #expect(lines.joined().allSatisfy { $0.count <= columns || !$0.contains(" ") })
    try Snapshot.check(
      "tables-\(columns)", lines.map { $0.joined(separator: "\n") }.joined(separator: "\n\n"))
  }

  /// Every subcommand, with the words that run it.
  static var commands: [(String, any ParsableCommand.Type)] {
    func all(_ path: String, _ command: any ParsableCommand.Type) -> [(
      String, any ParsableCommand.Type
    )] {
      [(path, command)]
        + command.configuration.subcommands.flatMap { inner in
          all("\(path) \(inner.configuration.commandName ?? "")", inner)
        }
    }
    return all("ndisprotctl", NdisprotctlCommand.self)
  }

  private static let bindings = ["eth0", "enp0s31f6"].enumerated().map { index, name in
    BindingEntry(
      interfaceIndex: UInt32(index + 2), state: index == 0 ? .running : .paused,
      link: index == 0 ? .connected : .disconnected, isPowered: true, mtu: 1_500,
      openCount: UInt32(index), address: MACAddress([2, 0, 0, 0, 0, UInt8(index)]), name: name,
      description: "the uplink of the lab, which is patched to the switch in the corner")
  }

  private static let decisions = [
    Decision(
      vlan: 0, rights: [.read, .join], rule: "LLDP for the people of the network",
      origin: "/etc/ndisprot/conf.d/60-lldp.toml:4", framesPerSecond: 0, bytesPerSecond: 1_000_000)
  ]
}

/// A text that is held to a file beside the tests.
enum Snapshot {
  static func check(_ name: String, _ text: String) throws {
    let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let path = "\(folder)/Snapshots/\(name).txt"
    if getenv("NDISPROT_SNAPSHOTS") != nil {
      try FileBytes.replace(path, with: Array((text + "\n").utf8))
      return
    }
    let bytes = try FileBytes.read(path, byteLimit: 4 << 20)
    let expected = String(decoding: bytes, as: UTF8.self)
    let lines = (text + "\n").split(separator: "\n", omittingEmptySubsequences: false)
    let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let first = zip(lines, old).first { $0 != $1 }
    #expect(
      lines == old,
      "\(name) differs, first in '\(first?.0 ?? "its length")'. If it is meant to: NDISPROT_SNAPSHOTS=write"
    )
  }
}
