import CLinux
import Glibc
import MDL
import NDIS
import Platform
import TestSupport
import Testing

@testable import Miniport

extension OnVeth {
  @Suite("An interface that does not stay as it is")
  struct InterfaceLifeTests {
    @Test("X-4: behind down and up the first send and the next frame go through")
    func flap() throws {
      let bench = try Bench()
      try bench.activate()
      for number in 0..<3 as Range<UInt32> {
        try Command.run("ip link set \(bench.pair.near) down")
        bench.settle()
        #expect(
          bench.send([EthernetFrame.make()]) == SendProgress(sentCount: 0, failure: .netDown))
        try Command.run("ip link set \(bench.pair.near) up")
        #expect(
          bench.send([EthernetFrame.make()]) == SendProgress(sentCount: 1, failure: nil))
        // The peer's queue opens when the kernel's link watch has seen the carrier, up to 1 s later.
        let next = EthernetFrame.make(number: number)
        bench.turn {
          try? bench.peer.send(next)
          return bench.receiver.bytes.last == next
        }
        #expect(bench.receiver.bytes.last == next)
      }
      #expect(bench.receiver.failures.isEmpty)
    }

    @Test("while an interface is down the loop does not spin")
    func noSpin() throws {
      let bench = try Bench()
      try bench.activate()
      try Command.run("ip link set \(bench.pair.near) down")
      bench.settle()
      var turns = 0
      let end = monotonicNanoseconds() + 100_000_000
      while monotonicNanoseconds() < end {
        bench.loop.turn(waitingAtMost: 20_000_000)
        turns += 1
      }
      #expect(turns < 20)
    }

    @Test("an interface that is down is refused as such, and nothing stays open")
    func down() throws {
      let bench = try Bench(isUp: false)
      #expect(throws: MiniportError.notUp) { try bench.activate() }
      bench.deactivate()
      #expect(packetSockets(on: bench.pair.nearIndex) == 0)
    }

    @Test("a deleted interface ends sends for good, and closing goes through")
    func deleted() throws {
      let bench = try Bench()
      try bench.activate()
      try bench.peer.send(EthernetFrame.make())
      try Command.run("ip link delete \(bench.pair.near)")
      bench.settle()
      #expect(bench.receiver.frames.count == 1)
      #expect(bench.receiver.failures.allSatisfy { $0 == .noSuchDevice })
      for _ in 0..<3 {
        #expect(
          bench.send([EthernetFrame.make()]) == SendProgress(sentCount: 0, failure: .gone))
      }
      bench.deactivate()
      #expect(throws: MiniportError.noSuchDevice) { try bench.activate() }
    }

    @Test("a renamed interface is captured and sent on, and can be opened by its old attributes")
    func renamed() throws {
      let bench = try Bench()
      try bench.activate()
      let newName = bench.pair.near + "r"
      try Command.run("ip link set \(bench.pair.near) name \(newName)")
      defer { try? Command.run("ip link delete \(newName)") }
      try bench.peer.send(EthernetFrame.make(number: 1))
      #expect(bench.receive(1).count == 1)
      #expect(bench.send([EthernetFrame.make()]).sentCount == 1)
      bench.deactivate()
      try bench.activate()
      try bench.peer.send(EthernetFrame.make(number: 2))
      #expect(bench.receive(2).count == 2)
    }

    @Test("an interface that took the name of another is not it")
    func sameName() throws {
      let bench = try Bench()
      let (near, far) = (bench.pair.near, bench.pair.far)
      try Command.run("ip link delete \(near)")
      try Command.run("ip link add \(near) type veth peer name \(far)")
      try Command.run("ip link set \(near) up")
      #expect(throws: MiniportError.noSuchDevice) { try bench.activate() }
    }

    @Test(
      "what is not Ethernet is refused with its name",
      .enabled(if: access("/dev/net/tun", R_OK | W_OK) == 0, "there is no /dev/net/tun"))
    func notEthernet() throws {
      try Command.run("ip tuntap add mode tun name tunnel0")
      defer { try? Command.run("ip link delete tunnel0") }
      try Command.run("ip link set tunnel0 up")
      let options = PcapOptions(
        interfaceIndex: Int32(bitPattern: if_nametoindex("tunnel0")), CaptureConfiguration(),
        direction: .incoming)
      let error = #expect(throws: MiniportError.self) { _ = try PcapHandle(options) }
      #expect(error?.linkTypeName == "RAW")
    }

    @Test("without CAP_NET_RAW activation is refused as such")
    func permission() throws {
      let pair = try VethPair()
      let result = Box<MiniportError?>(nil)
      // Capabilities are a thread's: only this one loses them.
      TestThread {
        clinux_keep_capabilities(0)
        do throws(MiniportError) {
          let options = PcapOptions(
            interfaceIndex: pair.nearIndex, CaptureConfiguration(), direction: .incoming)
          _ = try PcapHandle(options)
        } catch {
          result.value = error
        }
      }.join()
      #expect(result.value == .permissionDenied)
    }

    @Test("P12: a miniport that is not active has no packet socket")
    func noSockets() throws {
      let bench = try Bench()
      let index = bench.pair.nearIndex
      #expect(packetSockets(on: index) == 0)
      try bench.activate(outgoing: true)
      #expect(packetSockets(on: index) == 3)
      bench.deactivate()
      #expect(packetSockets(on: index) == 0)
    }
  }
}

/// How many packet sockets of this process are bound to an interface.
///
/// Other suites start programs at the same time, and one may inherit a socket of libpcap's in the
/// moment before it is marked close-on-exec; that is not this process's socket.
func packetSockets(on index: Int32) -> Int {
  guard let file = fopen("/proc/self/net/packet", "r") else { return -1 }
  defer { fclose(file) }
  let own = ownSocketNumbers()
  var count = 0
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, Int32(line.count), file) != nil {
    // sk RefCnt Type Proto Iface R Rmem User Inode
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(whereSeparator: \.isWhitespace)
    if fields.count > 8, fields[4] == "\(index)", own.contains(fields[8]) { count += 1 }
  }
  return count
}

/// The inode numbers of the sockets this process has open, as /proc shows them.
private func ownSocketNumbers() -> Set<Substring> {
  var numbers: Set<Substring> = []
  var name = [CChar](repeating: 0, count: 64)
  for descriptor in 0..<4_096 {
    let length = readlink("/proc/self/fd/\(descriptor)", &name, name.count)
    guard length > 9 else { continue }
    let text = String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if text.hasPrefix("socket:[") { numbers.insert(text.dropFirst(8).dropLast()) }
  }
  return numbers
}
