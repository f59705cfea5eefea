import FoundationEssentials
import Testing

@Suite(
  "What read shows", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct DecodedReadTests {
  private let lldp =
    "0180c200000e" + Frame.far + "8100602a88cc" + "020704020000000002"
    + "0403056c30" + "06020078" + "0a03737731" + "0000" + String(repeating: "00", count: 22)

  private func read(_ lab: Lab, _ options: [String], _ frames: [String]) throws -> [String] {
    let words = ["read", "np0", "--ethertype", "any", "--all-groups", "-n", "\(frames.count)"]
    let reader = try lab.startCtl(words + options)
    _ = try #require(try reader.nextLine(), "\(reader.errorText)")
    try lab.peer.send(frames)
    let rest = try reader.rest()
    #expect(try reader.exitCode() == 0, "\(reader.errorText)")
    return rest.split(separator: "\n").map(String.init)
  }

  @Test("a line says what the frame says; malformed is called so")
  func lines() throws {
    try Lab.run { lab in
      let broken = Frame.make(to: "0180c200000e", type: "88cc")
      let lines = try read(lab, [], [lldp, broken])
      #expect(
        lines[0].contains(
          "vlan 42 priority 3 lldp chassis=02:00:00:00:00:02 port=l0 ttl=120 system=sw1"),
        "\(lines)")
      #expect(lines[1].contains("lldp MALFORMED: TLV 0 where TLV 1 belongs"), "\(lines)")
    }
  }

  @Test("-x adds the bytes and their characters")
  func dump() throws {
    try Lab.run { lab in
      let lines = try read(lab, ["-x"], [lldp])
      #expect(
        lines[1] == "  0000  01 80 c2 00 00 0e 02 00  00 00 00 02 81 00 60 2a  ..............`*",
        "\(lines)")
      #expect(lines.count == 2 + (lldp.count + 31) / 32)
    }
  }

  @Test("--fields prints these and nothing else, a line a frame")
  func fields() throws {
    try Lab.run { lab in
      let names = "binding,src,ethertype,vlan,priority,protocol,lldp.system,arp.sender-ip,length"
      let lines = try read(lab, ["--fields", names], [lldp])
      #expect(
        lines.first == "np0\t02:00:00:00:00:02\t0x88cc\t42\t3\tlldp\tsw1\t\t\(lldp.count / 2)",
        "\(lines)")
      #expect(try lab.ctl("read", "np0", "--fields", "nonsense").exitCode == 64)
    }
  }

  @Test("JSON has the header and the fields of the protocol")
  func json() throws {
    try Lab.run { lab in
      let lines = try read(lab, ["--json"], [lldp])
      let frame = try JSONDecoder().decode(DecodedLine.self, from: Data(lines[0].utf8))
      #expect(frame.src == "02:00:00:00:00:02" && frame.dst == "01:80:c2:00:00:0e")
      #expect(frame.ethertype == 0x88CC && frame.vlan == 42 && frame.priority == 3)
      #expect(frame.protocol == "lldp" && frame.fields.system == "sw1" && frame.fields.ttl == 120)
    }
  }

  @Test(
    "times are shown as asked for",
    arguments: [
      ("day", #"^\d\d:\d\d:\d\d\.\d{6} "#), ("date", #"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} "#),
      ("utc", #"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z "#), ("delta", #"^0\.000000 "#),
      ("epoch", #"^\d{10}\.\d{6} "#),
    ] as [(String, String)])
  func times(style: String, pattern: String) throws {
    try Lab.run { lab in
      let lines = try read(lab, ["--time", style], [lldp])
      #expect(try lines.first.flatMap { try Regex(pattern).firstMatch(in: $0) } != nil, "\(lines)")
    }
  }

  @Test("--filter passes over what does not match, and counts what does")
  func filter() throws {
    try Lab.run { lab in
      let reader = try lab.startCtl(
        "read", "np0", "--ethertype", "any", "-n", "1", "--fields", "bytes", "--filter",
        "ether[14:4] = 7")
      _ = try #require(try reader.nextLine(), "\(reader.errorText)")
      try lab.peer.send([6, 7, 8].map { Frame.make(number: $0) })
      let rest = try reader.rest()
      #expect(rest.hasPrefix(Frame.make(number: 7) + "\n1 frames"), "\(rest)")
      #expect(try reader.exitCode() == 0)
    }
  }

  @Test("several interfaces are read at once, and each line names its own")
  func severalInterfaces() throws {
    try Lab.run(Lab.twoCables) { lab in
      let reader = try lab.startCtl("--json", "read", "np0", "np2", "-n", "4", "--timeout", "60")
      for _ in 0..<2 { _ = try #require(try reader.nextLine(), "\(reader.errorText)") }
      let other = lab.makePeer("np3")
      try lab.peer.send(Frame.numbered(2))
      try other.send([1, 2].map { Frame.make(to: "020000000003", number: $0) })
      let lines = try reader.rest().split(separator: "\n")
      #expect(try reader.exitCode() == 0, "\(reader.errorText)")
      let frames = lines.filter { $0.contains(#""event":"frame""#) }
      #expect(frames.filter { $0.contains(#""binding":"np0""#) }.count == 2, "\(lines)")
      #expect(frames.filter { $0.contains(#""binding":"np2""#) }.count == 2, "\(lines)")
      #expect(lines.filter { $0.contains(#""event":"summary""#) }.count == 2)
    }
  }

  @Test("of several interfaces the one that went is named, in front of the summaries")
  func oneOfSeveralGoes() throws {
    try Lab.run(Lab.twoCables) { lab in
      let path = lab.filePath("gone.pcapng")
      let capture = try lab.startCtl("capture", "np0", "np2", "-w", path)
      _ = try #require(try capture.nextLine(), "\(capture.errorText)")
      let reader = try lab.startCtl("--json", "read", "np0", "np2")
      for _ in 0..<2 { _ = try #require(try reader.nextLine(), "\(reader.errorText)") }
      try lab.ip("link del np2")
      let lines = try reader.rest().split(separator: "\n")
      #expect(try reader.exitCode() == 1)
      #expect(lines.first?.contains("the interface np2 went away") == true, "\(lines)")
      #expect(
        lines.dropFirst().filter { $0.contains(#""event":"summary""#) }.count == 2, "\(lines)")
      #expect(try capture.exitCode() == 1)
      #expect(capture.errorText.contains("the interface np2 went away"), "\(capture.errorText)")
    }
  }

  @Test("an interface that is named twice is refused, also by name and number")
  func twice() throws {
    try Lab.run { lab in
      let entry = try #require(try lab.client.open().enumerate().bindings?.first)
      for command in [["read"], ["capture", "-w", "/dev/null"]] {
        let outcome = try lab.ctl(command + ["np0", "@\(entry.interfaceIndex)"])
        #expect(
          outcome.exitCode == 64 && outcome.errors.contains("named twice"), "\(outcome.errors)")
      }
    }
  }
}

private struct DecodedLine: Decodable {
  struct Fields: Decodable {
    let system: String
    let ttl: Int
  }
  let src: String
  let dst: String
  let ethertype: Int
  let vlan: Int
  let priority: Int
  let `protocol`: String
  let fields: Fields
}
