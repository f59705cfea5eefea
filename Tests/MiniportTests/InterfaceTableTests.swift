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
    #expect(table.received(Self.message(.done, sequence: 2)) == [.vanished(interfaceIndex: 2)])
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
    #expect(table.received(Self.message(.done, sequence: 2)) == [])
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
    #expect(dump([], sequence: 3) == [.vanished(interfaceIndex: 1)])
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
}
