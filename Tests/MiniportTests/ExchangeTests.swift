import Glibc
import NDIS
import Platform
import TestSupport
import Testing

@testable import Miniport

extension OnVeth {
  @Suite("One capture handle follows another")
  struct ExchangeTests {
    /// Sends numbered frames as long as it runs.
    private final class Source {
      private let isRunning = Flag()
      private let count = Box<UInt32>(0)
      private var thread: TestThread?

      init(_ peer: RawSocket) {
        let (isRunning, count) = (self.isRunning, self.count)
        thread = TestThread {
          for number in 0..<400_000 as Range<UInt32> where isRunning.isSet {
            try? peer.send(EthernetFrame.make(number: number))
            count.value = number + 1
            if number % 8 == 0 { usleep(50) }
          }
        }
      }

      /// How many were sent.
      func stop() -> UInt32 {
        isRunning.clear()
        thread?.join()
        return count.value
      }
    }

    @Test(
      "fault 7: under traffic handles follow each other, no frame is lost, comes twice or late",
      arguments: CaptureProfile.allCases)
    func underTraffic(profile: CaptureProfile) throws {
      let bench = try Bench()
      try bench.activate(profile: profile, ringByteCount: 16 << 20)
      let source = Source(bench.peer)
      for step in 1...6 as ClosedRange<UInt32> {
        bench.settle(milliseconds: 10)
        try bench.activate(profile: profile, ringByteCount: 16 << 20, mtu: 1_500 + 4 * step)
      }
      let sent = source.stop()
      // What the last handle has of its predecessor's frames counts until it has passed over them.
      bench.turn {
        let counted = bench.miniport.statistics
        return bench.receiver.frames.count + Int(counted.drops) >= Int(sent)
          && counted.frames == counted.drops + UInt64(bench.receiver.frames.count)
      }
      let numbers = bench.receiver.bytes.compactMap(EthernetFrame.number)
      let counted = bench.miniport.statistics
      // A busy machine may drop some in the kernel; each that came is there once, in order.
      #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
      #expect(UInt64(numbers.count) + counted.drops >= UInt64(sent))
      #expect(counted.frames == counted.drops + UInt64(numbers.count))
      bench.deactivate()
    }

    @Test("a path for outgoing frames comes and goes, and no incoming frame is missed")
    func outgoing() throws {
      let bench = try Bench()
      try bench.activate([0x88B5], ringByteCount: 16 << 20)
      let source = Source(bench.peer)
      for _ in 0..<3 {
        try bench.activate([0x88B5], ringByteCount: 16 << 20, outgoing: true)
        try bench.miniport.update(etherTypes: EtherTypeSet([0x88B5]), includesOutgoing: false)
      }
      let sent = source.stop()
      bench.turn { bench.receiver.frames.count >= Int(sent) }
      let counted = bench.miniport.statistics
      #expect(UInt64(bench.receiver.frames.count) + counted.drops >= UInt64(sent))
    }

    @Test("fault 2: a handle that was made under another name is followed by one of the present")
    func renamed() throws {
      let bench = try Bench()
      try bench.activate(name: "old")
      let before = packetSockets(on: bench.pair.nearIndex)
      try bench.activate(name: InterfaceName(stringLiteral: bench.pair.near))
      bench.turn { packetSockets(on: bench.pair.nearIndex) == before }
      #expect(packetSockets(on: bench.pair.nearIndex) == before)
      try bench.peer.send(EthernetFrame.make(number: 1))
      #expect(bench.receive(1).count == 1)
    }

    @Test(
      "D1: what came behind a failure is taken when another handle follows, or none does",
      arguments: CaptureProfile.allCases, [true, false])
    func behindFailure(profile: CaptureProfile, isFollowed: Bool) throws {
      let bench = try Bench()
      let near = bench.pair.near
      try bench.activate(profile: profile)
      try Command.run("ip link set \(near) down")
      try Command.run("ip link set \(near) name renamed0")
      bench.turn { !bench.receiver.failures.isEmpty }
      #expect(bench.receiver.failures.count == 1)
      try Command.run("ip link set renamed0 name \(near)")
      try Command.run("ip link set \(near) up")
      try bench.awaitPeerQueue()
      for number in 0..<20 as Range<UInt32> {
        try bench.peer.send(EthernetFrame.make(number: number))
      }
      if isFollowed {
        try bench.activate(profile: profile)
        // A busy kernel may hand a frame to the follower alone.
        bench.turn { bench.receiver.frames.count >= 20 }
      } else {
        bench.deactivate()
      }
      let numbers = bench.receiver.bytes.compactMap(EthernetFrame.number)
      let counted = bench.miniport.statistics
      #expect(numbers == Array(0..<20))
      #expect(counted.frames == counted.drops + UInt64(numbers.count))
      if isFollowed { bench.deactivate() }
    }

    @Test(
      "D1: a handle that is made while a former one is still drained hands its frames over behind it"
    )
    func behindDrained() throws {
      let bench = try Bench()
      try bench.activate(ringByteCount: 32 << 20)
      // More than a few looks take.
      let former: Range<UInt32> = 0..<12_000
      for number in former { try bench.peer.send(EthernetFrame.make(number: number)) }
      let before = packetSockets(on: bench.pair.nearIndex)
      bench.miniport.deactivate {}
      var isActive = false
      bench.miniport.activate(CaptureConfiguration()) { error in
        #expect(error == nil)
        isActive = true
      }
      // The loop stands still: the former handle has most of its frames left.
      #expect(eventually { packetSockets(on: bench.pair.nearIndex) > before })
      usleep(50_000)
      for number in 12_000..<12_100 as Range<UInt32> {
        try bench.peer.send(EthernetFrame.make(number: number))
      }
      bench.turn { isActive && bench.receiver.frames.count >= 12_100 }
      let numbers = bench.receiver.bytes.compactMap(EthernetFrame.number)
      let counted = bench.miniport.statistics
      #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
      #expect(counted.frames == counted.drops + UInt64(numbers.count))
      bench.deactivate()
    }

    @Test("an activation that is given up leaves no socket behind")
    func givenUp() throws {
      let bench = try Bench()
      try bench.miniport.open(handler: bench.receiver)
      bench.miniport.activate(CaptureConfiguration()) { _ in
        Issue.record("an activation that was given up has ended")
      }
      var isDrained = false
      bench.miniport.deactivate { isDrained = true }
      #expect(isDrained)
      bench.turn { packetSockets(on: bench.pair.nearIndex) == 1 }
      bench.settle(milliseconds: 100)
      #expect(packetSockets(on: bench.pair.nearIndex) == 1)
      bench.miniport.close()
    }

    @Test("fault 3: a deleted interface of which another has the index now is known as replaced")
    func replaced() throws {
      let bench = try Bench()
      try bench.activate()
      #expect(!bench.miniport.isReplaced)
      let (near, far, index) = (bench.pair.near, bench.pair.far, bench.pair.nearIndex)
      try Command.run("ip link delete \(near)")
      #expect(!bench.miniport.isReplaced)
      try Command.run("ip link add \(near) index \(index) type veth peer name \(far)")
      #expect(bench.miniport.isReplaced)
      bench.settle()
      #expect(bench.receiver.failures == [.noSuchDevice])
    }
  }

  @Suite("Names that libpcap gives another meaning")
  struct ForeignNameTests {
    @Test(
      "fault 14: an interface is opened and hears its own frames, whatever its name means elsewhere",
      arguments: ["any", "usbmon0", "bluetooth0", "dbus-system", "dbus-x", "nflogx"])
    func opened(name: String) throws {
      let bench = try Bench()
      let (near, index) = (bench.pair.near, bench.pair.nearIndex)
      try Command.run("ip link set \(near) name \(name)")
      defer { try? Command.run("ip link set \(name) name \(near)") }
      try bench.activate(name: InterfaceName(stringLiteral: name))
      let other = try VethPair()
      try RawSocket(other.far).send(EthernetFrame.make(number: 9))
      try bench.peer.send(EthernetFrame.make(number: 1))
      #expect(bench.receive(1).compactMap(EthernetFrame.number) == [1])
      #expect(try CardControl().identity(of: index).isCapturable)
      bench.deactivate()
    }

    @Test(
      "fault 14: a name that is libpcap's own beyond doubt is refused, and an altname helps",
      arguments: ["nflog", "nfqueue"])
    func refused(name: String) throws {
      let bench = try Bench()
      let (near, index) = (bench.pair.near, bench.pair.nearIndex)
      try Command.run("ip link set \(near) name \(name)")
      defer { try? Command.run("ip link set \(name) name \(near)") }
      let interfaceName = InterfaceName(stringLiteral: name)
      #expect(throws: MiniportError.unopenableName(name)) {
        try bench.activate(name: interfaceName)
      }
      #expect(try !CardControl().identity(of: index).isCapturable)
      try Command.run("ip link property add dev \(name) altname much-longer-than-fifteen")
      try Command.run("ip link property add dev \(name) altname plain0")
      var configuration = CaptureConfiguration(interfaceName: interfaceName)
      configuration.etherTypes = EtherTypeSet([EtherTypeSet.anyValue])
      try bench.activate(configuration)
      try bench.peer.send(EthernetFrame.make(number: 1))
      #expect(bench.receive(1).count == 1)
      bench.deactivate()
    }
  }
}

@Suite("How a ring is laid out")
struct CaptureRingLayoutTests {
  @Test(
    "fault 10: a ring takes what was granted or less, and says how many frames it holds",
    arguments: [
      (snapshot: 1_522, frames: 8_192, bytes: 16 << 20), (4_022, 4_096, 16 << 20),
      (9_022, 1_024, 16 << 20), (65_557, 128, 16 << 20), (262_144, 32, 16 << 20),
    ] as [(snapshot: Int, frames: Int, bytes: Int)])
  func latency(snapshot: Int, frames: Int, bytes: Int) {
    let layout = CaptureRingLayout(
      .latency, snapshotByteCount: snapshot, grantedByteCount: 16 << 20)
    #expect(layout.ring == CaptureRing(frameCount: frames, byteCount: bytes))
    #expect(layout.requestByteCount <= bytes)
  }

  @Test("a ring that is granted next to nothing has two blocks")
  func least() {
    let layout = CaptureRingLayout(.latency, snapshotByteCount: 1_522, grantedByteCount: 0)
    #expect(layout.ring.frameCount == 4)
  }
}
