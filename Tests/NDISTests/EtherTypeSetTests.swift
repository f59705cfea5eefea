import NDIS
import Testing

@Suite("EtherTypeSet")
struct EtherTypeSetTests {
  @Test("a set is ascending and has no duplicates")
  func canonical() {
    let set = EtherTypeSet([0x88CC, 0x888E, 0x88CC])
    #expect(set.values == [0x888E, 0x88CC] && set.wireValues == set.values)
    #expect(!set.isAny && !set.isEmpty)
  }

  @Test("0xFFFF among others makes the whole set any")
  func any() {
    let set = EtherTypeSet([0x888E, 0xFFFF])
    #expect(set.isAny && set.values.isEmpty && set.wireValues == [0xFFFF] && !set.isEmpty)
    #expect(set.matches(0x0800) && set.matches(0x0026) && set.matches(0xFFFF))
  }

  @Test(
    "a type field below 0x0600 is a length, and belongs to LLC",
    arguments: [(0x0000, true), (0x0026, true), (0x05FF, true), (0x0600, false), (0x888E, false)]
      as [(UInt16, Bool)])
  func llc(field: UInt16, isLLC: Bool) {
    #expect(EtherTypeSet([EtherTypeSet.llcValue]).matches(field) == isLLC)
  }

  @Test("a set matches its own types only")
  func matches() {
    #expect(EtherTypeSet.eapol.matches(0x888E))
    #expect(!EtherTypeSet.eapol.matches(0x8E88))
    #expect(!EtherTypeSet.empty.matches(0x888E) && !EtherTypeSet.empty.matches(0))
  }

  @Test(
    "two sets intersect if a frame could belong to both; any intersects all but the empty set",
    arguments: [
      ([0x888E], [0x888E, 0x88CC], true), ([0x888E], [0x88CC], false), ([0xFFFF], [0x88CC], true),
      ([0xFFFF], [0xFFFF], true), ([0xFFFF], [], false), ([], [], false), ([0], [0x88CC], false),
      ([0], [0], true),
    ] as [([UInt16], [UInt16], Bool)])
  func intersects(first: [UInt16], second: [UInt16], isSo: Bool) {
    #expect(EtherTypeSet(first).intersects(EtherTypeSet(second)) == isSo)
    #expect(EtherTypeSet(second).intersects(EtherTypeSet(first)) == isSo)
  }

  @Test("a union has what either has")
  func union() {
    let both = EtherTypeSet([0x88CC]).union(EtherTypeSet([0x888E, 0x88CC]))
    #expect(both == EtherTypeSet([0x888E, 0x88CC]))
    #expect(both.union(EtherTypeSet([0xFFFF])).isAny)
    #expect(both.union(.empty) == both)
  }

  @Test("literals and names are the numbers, and a word that is neither makes no set")
  func words() {
    let literal: EtherTypeSet = [0x88CC, 0x888E]
    #expect(literal == EtherTypeSet([0x888E, 0x88CC]))
    #expect(EtherTypeSet(named: ["lldp", "0x888e"]) == literal)
    #expect(EtherTypeSet(named: ["lldp", "nonsense"]) == nil)
    #expect(EtherTypeSet.any.isAny && EtherTypeSet.llc.matches(0x26))
    let named: [(EtherTypeSet, String)] = [
      (.arp, "arp"), (.profinet, "profinet"), (.etherCAT, "ethercat"), (.goose, "goose"),
      (.lldp, "lldp"), (.ptp, "ptp"), (.eapol, "eapol"),
    ]
    for (set, name) in named { #expect(EtherTypeSet(named: [name]) == set) }
  }
}
