import FoundationEssentials
import NDIS
import Testing

@Suite(
  "ndisprotctl", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct CommandLineTests {
  @Test("A-74: echo sends 2 frames and reads 2 back")
  func echo() throws {
    try Lab.run { lab in
      let outcome = try lab.ctl("--json", "echo", "np0", "-n", "2")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let summary = try outcome.summary()
      #expect(summary.sent == 2 && summary.read == 2 && summary.submitted == 2)

      let text = try lab.ctl("echo", "np0", "-n", "2")
      #expect(text.exitCode == 0)
      #expect(text.output.contains("2 sent") && text.output.contains("2 read"))
    }
  }

  @Test("A-74: bindings prints index, name and description")
  func bindings() throws {
    try Lab.run(Lab.Options(preparation: ["link set np0 alias uplink"])) { lab in
      let outcome = try lab.ctl("--json", "bindings")
      #expect(outcome.exitCode == 0 && outcome.lines.count == 1)
      let binding = try outcome.decode(Binding.self, line: 0)
      #expect(binding.name == "np0" && binding.description == "uplink" && binding.ifindex > 0)
      #expect(binding.state == "running" && binding.link == "up" && binding.power == "on")
      #expect(binding.address == "02:00:00:00:00:01" && binding.mtu == 1_500)

      let text = try lab.ctl("bindings")
      #expect(text.exitCode == 0)
      #expect(text.output.contains("np0") && text.output.contains("uplink"))
    }
  }

  @Test("A-74: without a subcommand, or with a wrong one, it prints usage and ends with 64")
  func usage() throws {
    try Lab.run { lab in
      let nothing = try lab.ctl()
      #expect(nothing.exitCode == 64 && nothing.errors.contains("SUBCOMMAND"))
      #expect(try lab.ctl("dance").exitCode == 64)
      #expect(try lab.ctl("read").exitCode == 64)
    }
  }

  @Test("A-53: a foreign source is refused with exit code 1, and nothing is sent")
  func foreignSource() throws {
    try Lab.run { lab in
      let outcome = try lab.ctl("write", "np0", "-n", "3", "--src", "02:00:00:00:00:ee")
      #expect(outcome.exitCode == 1)
      #expect(outcome.output.contains("0 sent") && outcome.output.contains("sourceMismatch"))
      let far = lab.peer
      let own = try lab.ctl("--json", "write", "np0", "-n", "1", "--dst", "02:00:00:00:00:02")
      #expect(try own.summary().sent == 1)
      #expect(try far.receive(1).first?.hasPrefix(Frame.far + Frame.own) == true)
    }
  }

  @Test("read prints each frame, then what it was all together")
  func read() throws {
    try Lab.run { lab in
      let reader = try lab.startCtl("--json", "read", "np0", "-n", "3", "--timeout", "10")
      let first = try #require(try reader.nextLine())
      #expect(try decode(Event.self, first).event == "reading")
      try lab.peer.send(Frame.numbered(3))
      let frames = try (1...3).map { _ in
        try decode(Event.self, try #require(try reader.nextLine()))
      }
      #expect(frames.map(\.bytes) == Frame.numbered(3))
      let summary = try decode(Event.self, try #require(try reader.nextLine()))
      #expect(summary.event == "summary" && summary.frames == 3)
      #expect(try reader.exitCode() == 0)
    }
  }

  @Test(
    "errors have their own exit codes",
    arguments: [
      (["read", "nosuch", "-n", "1"], 4), (["read", "np0", "-n", "1", "--timeout", "0.2"], 7),
      (["query", "np0", "OID_GEN_NO_SUCH"], 64), (["wait", "np9", "--timeout", "0.2"], 7),
    ] as [([String], Int32)])
  func exitCodes(arguments: [String], code: Int32) throws {
    try Lab.run { lab in
      let outcome = try lab.ctl(arguments)
      #expect(outcome.exitCode == code, "\(outcome.errors)")
      #expect(code == 64 || outcome.errors.hasPrefix("ndisprotctl: "))
    }
  }

  @Test("what is open exclusively is busy to others: exit code 5")
  func busy() throws {
    try Lab.run { lab in
      let session = try lab.client.connect()
      #expect(try session.openDevice("np0").status == .success)
      #expect(try lab.ctl("read", "np0", "-n", "1", "--timeout", "2").exitCode == 5)
    }
  }

  @Test("without a daemon it says so, with exit code 3")
  func noDaemon() throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let outcome = try lab.ctl("bindings")
      #expect(outcome.exitCode == 3)
      #expect(outcome.errors.hasPrefix("ndisprotctl: "))
    }
  }

  @Test(
    "read hears the groups that it names, all groups, or everybody, and no others",
    arguments: [
      (["--group", "01:80:c2:00:00:0e"], ["0180c200000e"]),
      (["--all-groups"], ["0180c200000e", "0180c2000003"]),
      (["--promiscuous"], ["0180c200000e", "0180c2000003", "020000000099"]),
    ])
  func hearing(_ options: [String], _ heard: [String]) throws {
    try Lab.run { lab in
      let words = ["--json", "read", "np0", "--timeout", "10", "-n", "\(heard.count + 1)"]
      let reader = try lab.startCtl(words + options)
      _ = try #require(try reader.nextLine())
      // The last one says that the others were judged.
      for to in ["0180c200000e", "0180c2000003", "020000000099", Frame.own] {
        try lab.peer.send(Frame.make(to: to))
      }
      for to in heard + [Frame.own] {
        let line = try #require(try reader.nextLine())
        #expect(try decode(Event.self, line).bytes?.hasPrefix(to) == true, "\(to): \(line)")
      }
      _ = try reader.nextLine()
      #expect(try reader.exitCode() == 0)
    }
  }

  @Test("when the daemon goes, read ends with 3")
  func daemonGoes() throws {
    try Lab.run { lab in
      let reader = try lab.startCtl("--json", "read", "np0")
      #expect(try reader.nextLine() != nil)
      #expect(try lab.daemon.stop() == 0)
      #expect(try reader.exitCode() == 3)
    }
  }

  @Test("query prints a value by the OID's name, and set changes it")
  func oids() throws {
    try Lab.run { lab in
      let outcome = try lab.ctl("--json", "query", "np0", "current-address")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let answer = try outcome.decode(Value.self, line: 0)
      #expect(answer.oid == "OID_802_3_CURRENT_ADDRESS" && answer.bytes == Frame.own)
      #expect(try lab.ctl("query", "np0", "0x00010106").output.contains("1500"))
      #expect(try lab.ctl("set", "np0", "CURRENT_PACKET_FILTER", "0x0B").exitCode == 0)
      #expect(try lab.ctl("set", "np0", "CURRENT_ADDRESS", "02:00:00:00:00:09").exitCode == 1)
    }
  }

  private struct Binding: Decodable {
    let ifindex: Int
    let name: String
    let state: String
    let link: String
    let power: String
    let address: String
    let mtu: Int
    let description: String
  }

  private struct Value: Decodable {
    let oid: String
    let bytes: String
  }
}

/// A line of `--json`.
private struct Event: Decodable {
  let event: String
  let bytes: String?
  let frames: Int?

  private enum CodingKeys: CodingKey { case event, bytes, frames }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    event = try values.decode(String.self, forKey: .event)
    // In a frame the bytes are hex, in a summary they are a number.
    bytes = try? values.decode(String.self, forKey: .bytes)
    frames = try values.decodeIfPresent(Int.self, forKey: .frames)
  }
}

/// The last line of a `write` or an `echo`.
private struct Summary: Decodable {
  let event: String
  let submitted: Int
  let sent: Int
  let read: Int?
}

private func decode<Value: Decodable>(_ type: Value.Type, _ line: [UInt8]) throws -> Value {
  try JSONDecoder().decode(type, from: Data(line))
}

extension ChildProcess.Outcome {
  /// One line of `--json`.
  func decode<Value: Decodable>(_ type: Value.Type, line: Int) throws -> Value {
    guard line < lines.count else { throw LabError.failed("no line \(line): \(errors)") }
    return try JSONDecoder().decode(type, from: Data(lines[line].utf8))
  }

  /// Every line of `--json`.
  func decodeAll<Value: Decodable>(_ type: Value.Type) throws -> [Value] {
    let decoder = JSONDecoder()
    return try lines.map { try decoder.decode(type, from: Data($0.utf8)) }
  }

  fileprivate func summary() throws -> Summary {
    let summary = try decode(Summary.self, line: lines.count - 1)
    #expect(summary.event == "summary")
    return summary
  }
}
