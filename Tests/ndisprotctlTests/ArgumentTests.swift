import ArgumentParser
import NDIS
import NdisprotClient
import Testing

@testable import ndisprotctl

@Suite("what ndisprotctl understands")
struct ArgumentTests {
  @Test(
    "global options may stand in front of the subcommand",
    arguments: [
      (["--json", "--socket", "/s", "read", "np0"], ["read", "--json", "--socket", "/s", "np0"]),
      (["--socket=/s", "bindings"], ["bindings", "--socket=/s"]),
      (["read", "np0", "--json"], ["read", "np0", "--json"]),
      (["--help"], ["--help"]), ([], []), (["--socket"], ["--socket"]),
      (["--json", "--version"], ["--json", "--version"]),
    ])
  func globalOptions(_ given: [String], _ moved: [String]) {
    #expect(GlobalOptions.moved(given) == moved)
  }

  @Test(
    "a binding is a name, or @ and an index",
    arguments: [
      ("np0", "np0"), ("@17", "@17"), ("", nil), ("@", nil), ("@0", nil), ("@-1", nil),
      ("@x", nil),
    ] as [(String, String?)])
  func binding(_ text: String, _ description: String?) {
    #expect(BindingArgument(argument: text)?.description == description)
  }

  @Test(
    "an EtherType is a number from 0x0600 to 0xfffe, llc or any",
    arguments: [
      ("0x888e", 0x888E), ("0X88CC", 0x88CC), ("34958", 0x888E), ("any", 0xFFFF), ("LLC", 0),
      ("0x05ff", nil), ("0xffff", nil), ("0x10000", nil), ("888e", nil), ("", nil), ("-1", nil),
    ] as [(String, UInt16?)])
  func etherType(_ text: String, _ value: UInt16?) {
    #expect(EtherTypeArgument(argument: text)?.value == value)
  }

  @Test(
    "seconds may have a fraction",
    arguments: [
      ("5", .seconds(5)), ("0.25", .milliseconds(250)), ("0", .zero), ("-1", nil), ("x", nil),
      ("nan", nil), ("inf", nil), ("1e300", nil),
    ] as [(String, Duration?)])
  func seconds(_ text: String, _ duration: Duration?) {
    #expect(SecondsArgument(argument: text)?.duration == duration)
  }

  @Test(
    "a value is read by the type of its OID",
    arguments: [
      (OID.currentPacketFilter, "0x0b", [11, 0, 0, 0]),
      (.currentPacketFilter, "directed,broadcast", [9, 0, 0, 0]),
      (.currentPacketFilter, "directed,", nil), (.currentPacketFilter, "sideways", nil),
      (.currentAddress, "02:00:00:00:00:09", [2, 0, 0, 0, 0, 9]), (.currentAddress, "2:0", nil),
      (.multicastList, "none", []), (.multicastList, "", []),
      (
        .multicastList, "01:80:c2:00:00:03,01:80:c2:00:00:0e",
        [1, 0x80, 0xC2, 0, 0, 3, 1, 0x80, 0xC2, 0, 0, 0x0E]
      ),
      (.multicastList, "01:80:c2:00:00:03,", nil),
      (.maximumFrameSize, "1500", [0xDC, 5, 0, 0]), (.maximumFrameSize, "4294967296", nil),
      (OID(rawValue: 7), "0x01fF", [1, 255]), (OID(rawValue: 7), "1", nil),
      (OID(rawValue: 7), "+1", nil),
    ] as [(OID, String, [UInt8]?)])
  func oidValue(_ oid: OID, _ text: String, _ bytes: [UInt8]?) {
    #expect(OIDValue.bytes(of: text, for: oid) == bytes)
  }

  @Test(
    "a value is printed by the type of its OID, as text and as JSON",
    arguments: [
      (OID.currentAddress, [2, 0, 0, 0, 0, 9], "02:00:00:00:00:09", "\"02:00:00:00:00:09\""),
      (.currentPacketFilter, [11, 0, 0, 0], "0xb directed multicast broadcast", "11"),
      (.maximumFrameSize, [0xDC, 5, 0, 0], "1500 bytes", "1500"),
      (.multicastList, [], "", "[]"),
      (
        .supportedList, [2, 1, 1, 1, 7, 0, 0, 0], "OID_802_3_CURRENT_ADDRESS 0x00000007",
        "[\"OID_802_3_CURRENT_ADDRESS\",\"0x00000007\"]"
      ),
      (.currentAddress, [1, 2], "0102", "\"0102\""),
    ] as [(OID, [UInt8], String, String)])
  func oidText(_ oid: OID, _ bytes: [UInt8], _ text: String, _ json: String) {
    let value = OIDValue(oid: oid, bytes: bytes)
    #expect(value.text == text)
    #expect(value.json == json)
  }

  @Test("T-12: payload byte i is i mod 256, and the frame has the length that was asked")
  func template() {
    let destination = MACAddress([1, 2, 3, 4, 5, 6])
    let source = MACAddress([7, 8, 9, 10, 11, 12])
    let frame = FrameTemplate.bytes(
      destination: destination, source: source, etherType: 0x888E, byteCount: 300)
    #expect(frame.count == 300)
    #expect(frame.prefix(16) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0x8E, 0, 1])
    #expect(frame[14 + 255] == 255)
    #expect(frame[14 + 256] == 0)
    for byteCount in [0, 1, 13, 14] {
      let short = FrameTemplate.bytes(
        destination: destination, source: source, etherType: 0x888E, byteCount: byteCount)
      #expect(short == Array(frame.prefix(byteCount)))
    }
  }

  @Test("the type field of an LLC frame is the length of its payload")
  func llcTemplate() {
    let frame = FrameTemplate.bytes(
      destination: .zero, source: .zero, etherType: EtherTypeSet.llcValue, payload: [9, 9, 9])
    #expect(frame.suffix(5) == [0, 3, 9, 9, 9])
  }

  @Test("JSON escapes what could end a string or drive a terminal")
  func json() {
    var line = JSONLine()
    line.add("name", "a\"b\\c\u{1B}[0m\n")
    line.add("seconds", Duration.microseconds(1_500_007))
    line.add("count", 3)
    #expect(
      line.closed
        == #"{"name":"a\"b\\c\u001b[0m\u000a","seconds":1.500007,"count":3}"#)
    #expect("a\u{1B}[0m".printable() == "a\u{FFFD}[0m")
  }

  @Test("the columns of a table line up")
  func table() {
    #expect(
      TextTable.lines([["a", "bb", "c"], ["aaa", "b", ""]]) == ["a    bb  c", "aaa  b   "])
  }

  @Test("a group is one by its address, and 32 are enough")
  func groups() throws {
    let many = (0..<33).flatMap { ["--group", "01:00:00:00:00:\($0 < 10 ? "0" : "")\($0)"] }
    for words in [["--group", "02:00:00:00:00:01"], ["--group", "lldp"], many] {
      #expect(throws: (any Error).self) { try ReadCommand.parse(["np0"] + words) }
    }
    #expect(try ReadCommand.parse(["np0"] + many.dropLast(2)).hearing.groups.count == 32)
  }
}
