import Glibc
import MDL
import NDIS
import Platform
import TestSupport
import Testing

@testable import Miniport

/// Writes down what a protocol driver hears.
final class RecordingDriver: ProtocolDriver {
  enum Event: Equatable {
    case appeared(InterfaceName)
    case changed(InterfaceName)
    case vanished(Int32)
    case doubtful
    case complete
  }
  var events: [Event] = []
  var resyncs = 0
  var adapters: [Int32: AdapterAttributes] = [:]

  func bindAdapter(_ attributes: AdapterAttributes) {
    if adapters.updateValue(attributes, forKey: attributes.interfaceIndex) != nil {
      Issue.record("\(attributes.name) appeared twice")
    }
    events.append(.appeared(attributes.name))
  }
  func adapterChanged(_ attributes: AdapterAttributes) {
    if adapters.updateValue(attributes, forKey: attributes.interfaceIndex) == nil {
      Issue.record("\(attributes.name) changed before it appeared")
    }
    events.append(.changed(attributes.name))
  }
  func unbindAdapter(interfaceIndex: Int32) {
    if adapters.removeValue(forKey: interfaceIndex) == nil {
      Issue.record("\(interfaceIndex) vanished before it appeared")
    }
    events.append(.vanished(interfaceIndex))
  }
  func adaptersResynchronized() {
    resyncs += 1
    events.append(.doubtful)
  }
  func bindsComplete() { events.append(.complete) }
}

extension OnVeth {
  @Suite("InterfaceWatch")
  final class InterfaceWatchTests {
    let loop: EventLoop
    let driver = RecordingDriver()
    let watch: InterfaceWatch

    init() throws {
      loop = try EventLoop()
      watch = try InterfaceWatch(loop: loop, driver: driver)
    }
    deinit { watch.stop() }

    func turn(until condition: () -> Bool) {
      let end = monotonicNanoseconds() + Patience.nanoseconds
      while !condition(), monotonicNanoseconds() < end { loop.turn(waitingAtMost: 10_000_000) }
    }

    /// Waits for the first dump, and forgets it.
    func settle() {
      turn { driver.events.contains(.complete) }
      // A carrier that comes late may be told behind it.
      #expect(driver.events.contains(.complete))
      driver.events = []
    }

    func attributes(_ name: String) -> AdapterAttributes? {
      driver.adapters.values.first { $0.name.text == name }
    }

    @Test("the first dump is every interface there is, and then complete")
    func firstDump() throws {
      turn { driver.events.contains(.complete) }
      let loopback = try #require(attributes("lo"))
      #expect(loopback.isLoopback)
      #expect(!loopback.isEthernet)
      #expect(loopback.hardwareType == 772)
      #expect(driver.adapters.keys.sorted() == kernelIndices())
    }

    @Test("a pair that is made and deleted appears with its attributes, and vanishes")
    func appearAndVanish() throws {
      settle()
      do {
        let pair = try VethPair()
        let (near, far) = (pair.nearIndex, pair.farIndex)
        turn { attributes(pair.near)?.link == .connected }
        let seen = try #require(attributes(pair.near))
        #expect(seen.interfaceIndex == near)
        #expect(seen.description == "veth")
        #expect(seen.isEthernet)
        #expect(seen.isUp)
        #expect(seen.mtu == 1500)
        #expect(seen.address != .zero)
        #expect(driver.adapters[far]?.name.text == pair.far)
      }
      turn { driver.adapters.count == kernelIndices().count }
      #expect(driver.adapters.keys.sorted() == kernelIndices())
    }

    @Test("B4: address, MTU, alias, rename, down and carrier are each told")
    func changes() throws {
      let pair = try VethPair()
      settle()
      let index = pair.nearIndex
      func change(_ line: String, _ holds: (AdapterAttributes) -> Bool) throws {
        driver.events = []
        try Command.run("ip link set \(line)")
        turn { driver.adapters[index].map(holds) ?? false }
        let now = try #require(driver.adapters[index])
        #expect(holds(now), "\(line)")
        #expect(driver.events.contains(.changed(now.name)))
      }
      try change("\(pair.near) mtu 900") { $0.mtu == 900 }
      let address = try #require(MACAddress("02:00:00:00:00:77"))
      try change("\(pair.near) address 02:00:00:00:00:77") { $0.address == address }
      try change("\(pair.near) alias uplink") { $0.description == "uplink" }
      try change("\(pair.far) down") { $0.link == .disconnected && $0.isUp }
      try change("\(pair.far) up") { $0.link == .connected }
      try change("\(pair.near) down") { !$0.isUp }
      try change("\(pair.near) name \(pair.near)x") { $0.name.text == pair.near + "x" }
      try change("\(pair.near)x name \(pair.near)") { $0.name.text == pair.near }
      try change("\(pair.near) up") { $0.isUp }
    }

    @Test("alternative names and the master are told as they come and go")
    func names() throws {
      let pair = try VethPair()
      try Command.run("ip link add bridge0 type bridge")
      defer { try? Command.run("ip link delete bridge0") }
      settle()
      let index = pair.nearIndex
      let long = InterfaceName(stringLiteral: String(repeating: "n", count: 127))
      try Command.run("ip link property add dev \(pair.near) altname enxcafe altname \(long)")
      turn { driver.adapters[index]?.alternativeNames.count == 2 }
      #expect(driver.adapters[index]?.alternativeNames == ["enxcafe", long])
      #expect(KernelInterface.alternativeNames(index).map(\.count) == [7, 127])
      try Command.run("ip link property del dev \(pair.near) altname enxcafe")
      turn { driver.adapters[index]?.alternativeNames.count == 1 }
      #expect(driver.adapters[index]?.alternativeNames == [long])
      try Command.run("ip link set \(pair.near) master bridge0")
      turn { driver.adapters[index]?.details.masterIndex != 0 }
      let master = try #require(attributes("bridge0"))
      #expect(driver.adapters[index]?.details.masterIndex == master.interfaceIndex)
      try Command.run("ip link set \(pair.near) nomaster")
      turn { driver.adapters[index]?.details.masterIndex == 0 }
      #expect(driver.adapters[index]?.details.masterIndex == 0)
    }

    @Test("fault 8: a dump that is asked for again while it goes on comes to its end")
    func impatient() throws {
      var pairs: [VethPair] = []
      for _ in 0..<60 { pairs.append(try VethPair(isUp: false)) }
      let driver = RecordingDriver()
      // Every look at the clock finds that nothing has come for too long.
      let watch = try InterfaceWatch(
        loop: loop, driver: driver, receiveBufferByteCount: nil, retryNanoseconds: 0)
      defer { watch.stop() }
      turn { driver.events.contains(.complete) }
      #expect(driver.events.contains(.complete))
      #expect(driver.adapters.keys.sorted() == kernelIndices())
      _ = pairs
    }

    @Test("what changes nothing here is not told")
    func noChange() throws {
      let pair = try VethPair()
      turn { attributes(pair.near)?.link == .connected && attributes(pair.far)?.link == .connected }
      settle()
      try Command.run("ip link set \(pair.near) group 123")
      for _ in 0..<5 { loop.turn(waitingAtMost: 10_000_000) }
      #expect(driver.events == [])
    }

    @Test("a port that leaves a bridge has not vanished")
    func bridge() throws {
      let pair = try VethPair()
      try Command.run("ip link add bridge0 type bridge")
      defer { try? Command.run("ip link delete bridge0") }
      settle()
      try Command.run("ip link set \(pair.near) master bridge0")
      try Command.run("ip link set \(pair.near) nomaster")
      for _ in 0..<10 { loop.turn(waitingAtMost: 10_000_000) }
      #expect(driver.adapters[pair.nearIndex] != nil)
      #expect(!driver.events.contains(.vanished(pair.nearIndex)))
    }

    @Test("B6: with 200 links at once and no room for their messages the end is the kernel's")
    func overflow() throws {
      let driver = RecordingDriver()
      let watch = try InterfaceWatch(loop: loop, driver: driver, receiveBufferByteCount: 4096)
      defer { watch.stop() }
      turn { driver.events.contains(.complete) }
      let before = kernelIndices()

      var pairs: [VethPair] = []
      for _ in 0..<100 { pairs.append(try VethPair(isUp: false)) }
      turn { driver.adapters.keys.sorted() == kernelIndices() }
      #expect(driver.adapters.count == before.count + 200)
      #expect(watch.resyncCount > 0)
      turn { driver.events.contains(.doubtful) }
      #expect(driver.events.contains(.doubtful))

      let resyncs = watch.resyncCount
      pairs = []
      turn { driver.adapters.keys.sorted() == before }
      #expect(driver.adapters.keys.sorted() == before)
      #expect(watch.resyncCount > resyncs)
      #expect(driver.events.filter { $0 == .complete }.count == 1)
    }

    @Test("a watch that was stopped tells nothing more")
    func stopped() throws {
      settle()
      watch.stop()
      let pair = try VethPair()
      for _ in 0..<5 { loop.turn(waitingAtMost: 5_000_000) }
      #expect(driver.events == [])
      _ = pair
    }
  }
}

/// The interfaces of this namespace, asked another way.
private func kernelIndices() -> [Int32] {
  guard let list = if_nameindex() else { return [] }
  defer { if_freenameindex(list) }
  var indices: [Int32] = []
  var entry = list
  while entry.pointee.if_index != 0 {
    indices.append(Int32(bitPattern: entry.pointee.if_index))
    entry += 1
  }
  return indices.sorted()
}
