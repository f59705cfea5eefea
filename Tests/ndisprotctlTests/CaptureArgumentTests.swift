import NDIS
import NdisprotClient
import Testing

@testable import ndisprotctl

@Suite("what capture, replay and Wireshark's calls understand")
struct CaptureArgumentTests {
  @Test(
    "a size is a number with a unit of 1000",
    arguments: [
      ("1", 1), ("500k", 500_000), ("10M", 10_000_000), ("2G", 2_000_000_000), ("0", nil),
      ("", nil),
      ("k", nil), ("1.5M", nil), ("-1", nil), ("18446744073709551615G", nil),
    ] as [(String, UInt64?)])
  func sizes(text: String, byteCount: UInt64?) {
    #expect(ByteCountArgument(argument: text)?.byteCount == byteCount)
  }

  @Test(
    "a pace is a word, frames a second, or a multiple",
    arguments: [
      ("original", .original(speed: 1)), ("topspeed", .topSpeed), ("1000", .rate(1_000)),
      ("x2", .original(speed: 2)), ("x0.5", .original(speed: 0.5)), ("x0", nil), ("-1", nil),
      ("fast", nil),
      ("nan", nil), ("1e300", nil),
    ] as [(String, ReplayPace?)])
  func paces(text: String, pace: ReplayPace?) {
    #expect(ReplayPace(argument: text) == pace)
  }

  @Test("files of a ring have dumpcap's names: number and time in front of the extension")
  func fileNames() {
    let time: UInt64 = 1_700_000_000_000_000_000
    let name = CaptureFiles.name("dir.d/np0.pcapng", 3, time)
    #expect(name.hasPrefix("dir.d/np0_00003_20231114") && name.hasSuffix(".pcapng"))
    #expect(CaptureFiles.name("dir.d/np0", 123_456, time).hasPrefix("dir.d/np0_123456_2023"))
    #expect(CaptureFiles.name(".hidden", 1, time).hasPrefix(".hidden_00001_"))
  }

  @Test("the program is an extcap by its name, or by its first word")
  func extcapNames() {
    #expect(
      Extcap.arguments(["--extcap-interfaces"], calledAs: "/usr/lib/wireshark/extcap/ndisprot") == [
        "--extcap-interfaces"
      ])
    #expect(Extcap.arguments(["--capture"], calledAs: "ndisprot-extcap") == ["--capture"])
    #expect(Extcap.arguments(["extcap", "--capture"], calledAs: "ndisprotctl") == ["--capture"])
    #expect(Extcap.arguments(["read", "extcap"], calledAs: "/usr/bin/ndisprotctl") == nil)
  }

  @Test("options of Wireshark come with a space or an equals sign; unknown ones are passed over")
  func extcapArguments() {
    let arguments = ExtcapArguments([
      "--capture", "--extcap-interface", "ndisprot-np0", "--fifo=/f", "--extcap-future",
      "--outgoing", "false",
      "--promiscuous", "--ethertypes", "lldp,0x88b5", "--extcap-capture-filter", "vlan 42",
      "--filter", "",
    ])
    #expect(arguments.task == .capture && arguments.interface == "np0" && arguments.fifo == "/f")
    #expect(arguments.isOutgoing == false && arguments.isPromiscuous)
    #expect(arguments.etherTypes == "lldp,0x88b5" && arguments.filter == "vlan 42")
    #expect(
      ExtcapArguments(["--extcap-interface", "x", "--extcap-capture-filter", "arp"]).task
        == .filterCheck)
    #expect(ExtcapArguments([]).task == .nothing)
  }

  @Test("EtherTypes are words with commas, and come back as what they were")
  func etherTypes() {
    #expect(EtherTypeSet(words: "lldp,0x88b7, 0x1234")?.words == "0x1234,oui,lldp")
    #expect(EtherTypeSet(words: "any")?.isAny == true)
    #expect(EtherTypeSet(words: "") == nil && EtherTypeSet(words: "lldp,zz") == nil)
  }

  private func rights(_ rows: [(AccessRights, [UInt16])]) -> OwnRights {
    var entry = BindingEntry(
      interfaceIndex: 2, state: .running, link: .connected, isPowered: true, mtu: 1_500,
      openCount: 0,
      address: .zero, name: "np0", description: "")
    entry.access = rows.map { BindingEntry.Access(rights: $0.0, etherTypes: EtherTypeSet($0.1)) }
    return OwnRights(entry)
  }

  @Test("what one may read is what the first rule for each EtherType gives")
  func ownRights() {
    let any = EtherTypeSet.anyValue
    #expect(rights([]).etherTypes.isEmpty)
    #expect(rights([([.read], [any])]).etherTypes.isAny)
    #expect(
      rights([([.read, .join], [0x88CC]), ([.read], [0x88B5])]).etherTypes.values == [
        0x88B5, 0x88CC,
      ])
    #expect(!rights([([.read, .setOID], [0x88CC]), ([.read], [0x88B5])]).mayHearAllGroups)
    #expect(rights([([.read, .allFrames], [0x88CC])]).mayReadOutgoing)
    // The first rule takes it away, so an open of any would be refused.
    #expect(
      rights([([.write], [0x88CC]), ([.read], [0x88CC, 0x88B5]), ([.read], [any])]).etherTypes
        .values == [0x88B5])
    #expect(rights([([.write], [any]), ([.read], [0x88CC])]).etherTypes.isEmpty)
  }

  @Test("a pacer keeps the distances of a file, or a rate without drift")
  func pacer() {
    var original = Pacer(.original(speed: 2))
    let first = original.due(1_000) ?? 0
    #expect(original.due(3_000) == first + 1_000)
    // Times that go back are due at once, and nothing is due before what came before.
    #expect(original.due(500) == first + 1_000)
    original.beginLoop()
    #expect(original.due(7_000) == first + 1_000 && original.due(9_000) == first + 2_000)
    var rate = Pacer(.rate(3))
    let start = rate.due(0) ?? 0
    #expect(
      rate.due(0) == start + 333_333_333 && rate.due(0) == start + 666_666_666
        && rate.due(0) == start + 1_000_000_000)
    var top = Pacer(.topSpeed)
    #expect(top.due(5) == nil)
  }

  @Test("jitter says what 50 and 99 of 100 do not exceed")
  func jitter() {
    var jitter = Jitter()
    #expect(!jitter.isKnown)
    for microseconds in 1...100 as ClosedRange<UInt64> { jitter.add(microseconds * 1_000) }
    jitter.add(5_000_000_000)
    #expect(jitter.percentile(50) == 50 && jitter.percentile(99) == 99 && jitter.worst == 5_000_000)
  }
}
