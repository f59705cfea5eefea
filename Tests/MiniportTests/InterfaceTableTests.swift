import MDL
import NDIS
import Testing

@testable import Miniport

@Suite("InterfaceTable")
struct InterfaceTableTests {
  static func adapter(_ index: Int32, mtu: UInt32 = 1500) -> AdapterAttributes {
    AdapterAttributes(
      interfaceIndex: index, name: "if\(index)", description: "", hardwareType: 1,
      isLoopback: false, address: .zero, mtu: mtu, isUp: true, link: .connected)
  }

  static func message(
    _ content: NetlinkMessage.Content, sequence: UInt32 = 0, isInterrupted: Bool = false
  ) -> NetlinkMessage {
    NetlinkMessage(content: content, sequence: sequence, isInterrupted: isInterrupted)
  }

  var table = InterfaceTable()

  /// Feeds a dump of links and its end.
  mutating func dump(
    _ indices: [Int32], sequence: UInt32 = 1, isInterrupted: Bool = false
  ) -> [InterfaceTable.Action] {
    table.dumpRequested(sequence: sequence)
    var actions = indices.flatMap {
      table.received(Self.message(.link(Self.adapter($0)), sequence: sequence))
    }
    actions += table.received(
      Self.message(.done, sequence: sequence, isInterrupted: isInterrupted))
    return actions
  }

  @Test("the first dump is what is there, and then complete")
  mutating func first() {
    #expect(
      dump([1, 2]) == [.appeared(Self.adapter(1)), .appeared(Self.adapter(2)), .complete])
    #expect(!table.isDumping)
    #expect(table.resyncCount == 0)
  }

  @Test("a later dump tells differences only: new, changed, vanished")
  mutating func later() {
    _ = dump([1, 2, 3])
    table.dumpRequested(sequence: 2)
    #expect(table.received(Self.message(.link(Self.adapter(1)), sequence: 2)) == [])
    #expect(
      table.received(Self.message(.link(Self.adapter(4)), sequence: 2))
        == [.appeared(Self.adapter(4))])
    #expect(
      table.received(Self.message(.link(Self.adapter(3, mtu: 9000)), sequence: 2))
        == [.changed(Self.adapter(3, mtu: 9000))])
    #expect(
      table.received(Self.message(.done, sequence: 2))
        == [.vanished(interfaceIndex: 2), .resynchronized])
  }

  @Test("notifications tell what is new, and nothing twice")
  mutating func notifications() {
    _ = dump([1])
    #expect(table.received(Self.message(.link(Self.adapter(1)))) == [])
    #expect(
      table.received(Self.message(.link(Self.adapter(1, mtu: 9000))))
        == [.changed(Self.adapter(1, mtu: 9000))])
    #expect(
      table.received(Self.message(.linkGone(interfaceIndex: 1)))
        == [.vanished(interfaceIndex: 1)])
    #expect(table.received(Self.message(.linkGone(interfaceIndex: 1))) == [])
  }

  @Test("what appears or goes while a dump runs is neither missed nor taken for vanished")
  mutating func duringDump() {
    _ = dump([1, 2])
    table.dumpRequested(sequence: 2)
    _ = table.received(Self.message(.link(Self.adapter(1)), sequence: 2))
    #expect(
      table.received(Self.message(.link(Self.adapter(9)))) == [.appeared(Self.adapter(9))])
    #expect(
      table.received(Self.message(.linkGone(interfaceIndex: 1)))
        == [.vanished(interfaceIndex: 1)])
    _ = table.received(Self.message(.link(Self.adapter(2)), sequence: 2))
    #expect(table.received(Self.message(.done, sequence: 2)) == [.resynchronized])
    #expect(table.adapters.keys.sorted() == [2, 9])
  }

  @Test("lost messages ask for a dump; lost during a dump, for another behind it")
  mutating func lost() {
    _ = dump([1])
    #expect(table.messagesLost() == [.requestDump])
    table.dumpRequested(sequence: 2)
    #expect(table.messagesLost() == [])
    #expect(table.messagesLost() == [])
    #expect(table.received(Self.message(.done, sequence: 2)) == [.requestDump])
    #expect(dump([], sequence: 3) == [.vanished(interfaceIndex: 1), .resynchronized])
    #expect(table.resyncCount == 2)
  }

  @Test("an interrupted dump is done over, and complete is not said before")
  mutating func interrupted() {
    #expect(
      dump([1], isInterrupted: true) == [.appeared(Self.adapter(1)), .requestDump])
    #expect(dump([1], sequence: 2) == [.complete])
    #expect(table.resyncCount == 1)
  }

  @Test("the end of an older dump is not the end of this one; a refused one is asked for again")
  mutating func sequences() {
    table.dumpRequested(sequence: 2)
    #expect(table.received(Self.message(.done, sequence: 1)) == [])
    #expect(table.received(Self.message(.error(errno: 16), sequence: 2)) == [])
    #expect(table.isDumping)
    #expect(dump([], sequence: 3) == [.complete])
  }

  @Test("fault 3: what seems unchanged after lost news is doubtful, once a whole dump has said so")
  mutating func doubtful() {
    #expect(!dump([1]).contains(.resynchronized))
    _ = table.messagesLost()
    #expect(dump([1], sequence: 2, isInterrupted: true) == [.requestDump])
    #expect(dump([1], sequence: 3) == [.resynchronized])
  }

  @Test("where interfaces come and go all the time, complete is said although no dump is whole")
  mutating func churn() {
    var completions = 0
    for sequence in 1...20 as ClosedRange<UInt32> {
      let actions = dump([1], sequence: sequence, isInterrupted: true)
      #expect(actions.last == .requestDump)
      completions += actions.count { $0 == .complete }
      #expect(completions == (sequence < 8 ? 0 : 1))
    }
    #expect(dump([1], sequence: 21) == [.resynchronized])
  }

  @Test("what belongs to a dump is what has its number while it is under way")
  mutating func belonging() {
    let (answer, news) = (Self.message(.other, sequence: 4), Self.message(.other))
    #expect(!table.belongsToDump(answer))
    table.dumpRequested(sequence: 4)
    #expect(table.belongsToDump(answer) && !table.belongsToDump(news))
    _ = table.received(Self.message(.done, sequence: 4))
    #expect(!table.belongsToDump(answer))
  }

  @Test("a link that only got another alternative name, or another master, has changed")
  mutating func names() {
    _ = dump([1])
    var link = Self.adapter(1)
    link.alternativeNames = ["enxcafe"]
    #expect(table.received(Self.message(.link(link))) == [.changed(link)])
    link.details.masterIndex = 7
    #expect(table.received(Self.message(.link(link))) == [.changed(link)])
    // Canonically equivalent, and another name.
    link.name = "e\u{301}"
    _ = table.received(Self.message(.link(link)))
    link.name = "\u{E9}"
    #expect(table.received(Self.message(.link(link))) == [.changed(link)])
  }
}
