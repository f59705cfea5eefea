import Glibc
import Miniport
import NDIS
import Platform
import TestSupport
import Testing

extension OnVeth {
  @Suite("Filters in the kernel")
  struct FilterTests {
    static let frames: [[UInt8]] = [
      EthernetFrame.make(type: 0x888E), EthernetFrame.make(type: 0x88CC),
      EthernetFrame.make(type: 0x888E, byteCount: 64, tag: [0x81, 0, 0, 5]),
      EthernetFrame.make(type: 0x0026), EthernetFrame.make(type: 0x05FF),
      EthernetFrame.make(type: 0x0600), EthernetFrame.make(type: 0x0800),
    ]

    @Test(
      "only frames of the set arrive",
      arguments: [
        ([0x888E], [0, 2]), ([0x88CC, 0x0800], [1, 6]), ([0], [3, 4]), ([0, 0x0600], [3, 4, 5]),
        ([0xFFFF], [0, 1, 2, 3, 4, 5, 6]), ([], []),
      ] as [([UInt16], [Int])])
    func sets(types: [UInt16], expected: [Int]) throws {
      let bench = try Bench()
      try bench.activate(types)
      try bench.peer.send(Self.frames)
      bench.receive(expected.count)
      bench.settle()
      #expect(bench.receiver.bytes == expected.map { Self.frames[$0] })
      #expect(bench.miniport.statistics.frames == UInt64(expected.count))
    }

    @Test("a set of more types than a program is worth lets every frame through")
    func hugeSet() throws {
      let bench = try Bench()
      try bench.activate((0x9000..<0x9200).map { UInt16($0) })
      try bench.peer.send(Self.frames)
      #expect(bench.receive(Self.frames.count) == Self.frames)
    }

    @Test(
      "the first frame behind a swap is judged by the new filter",
      arguments: CaptureProfile.allCases)
    func firstAfterSwap(profile: CaptureProfile) throws {
      let bench = try Bench()
      try bench.activate([0x888E], profile: profile)
      try bench.miniport.update(etherTypes: EtherTypeSet([0x88CC]), includesOutgoing: false)
      try bench.peer.send(Self.frames)
      #expect(bench.receive(1) == [Self.frames[1]])
    }

    @Test(
      "filters swapped under traffic lose no frame that all of them let through",
      arguments: CaptureProfile.allCases)
    func swapUnderTraffic(profile: CaptureProfile) throws {
      let bench = try Bench()
      try bench.activate([0x88B5], profile: profile, ringByteCount: 16 << 20)
      let sender = bench.startSending(20_000, window: 200)
      let sets: [[UInt16]] = [[0x88B5, 0x88CC], [0xFFFF], [0, 0x88B5], [0x88B5]]
      var swaps = 0
      bench.turn {
        swaps += 1
        try? bench.miniport.update(
          etherTypes: EtherTypeSet(sets[swaps % sets.count]), includesOutgoing: false)
        return bench.receiver.frames.count >= 20_000
      }
      sender.join()
      #expect(swaps > 50)
      #expect(bench.receiver.bytes.compactMap(EthernetFrame.number) == Array(0..<20_000))
      #expect(bench.miniport.statistics == CaptureStatistics(frames: 20_000, drops: 0))
    }
  }

  @Suite("Outgoing frames")
  struct OutgoingTests {
    @Test("frames that this host sends arrive only while they are asked for, and flagged")
    func asked() throws {
      let bench = try Bench()
      let host = try RawSocket(bench.pair.near)
      try bench.activate([0x88B5])
      try host.send(EthernetFrame.make(number: 1))
      bench.settle()
      #expect(bench.receiver.frames.isEmpty)

      try bench.activate([0x88B5], outgoing: true)
      try host.send(EthernetFrame.make(number: 2))
      try host.send(EthernetFrame.make(type: 0x88CC, number: 3))
      bench.receive(1)
      try bench.peer.send(EthernetFrame.make(number: 4))
      bench.receive(2)
      #expect(bench.receiver.bytes.compactMap(EthernetFrame.number) == [2, 4])
      #expect(bench.receiver.frames.map(\.flags) == [.outgoing, []])

      try bench.miniport.update(etherTypes: EtherTypeSet([0x88B5]), includesOutgoing: false)
      try host.send(EthernetFrame.make(number: 5))
      bench.settle()
      #expect(bench.receiver.frames.count == 2)
      #expect(bench.miniport.statistics == CaptureStatistics(frames: 2, drops: 0))
    }

    @Test("what the miniport itself sends is among them", arguments: CaptureProfile.allCases)
    func own(profile: CaptureProfile) throws {
      let bench = try Bench()
      try bench.activate(profile: profile, outgoing: true)
      let frames = (0..<3).map { EthernetFrame.make(number: $0) }
      #expect(bench.send(frames) == SendProgress(sentCount: 3, failure: nil))
      #expect(bench.receive(3) == frames)
      #expect(bench.receiver.frames.allSatisfy { $0.flags == .outgoing })
    }

    @Test("the filter finds the type behind the tag of an outgoing frame")
    func tagged() throws {
      let bench = try Bench()
      try bench.activate([0x88B5], outgoing: true)
      let frame = EthernetFrame.make(byteCount: 64, tag: [0x81, 0, 0, 9])
      #expect(bench.send([frame]).sentCount == 1)
      #expect(bench.receive(1) == [frame])
    }

    @Test("received frames do not come twice while outgoing ones are asked for")
    func notTwice() throws {
      let bench = try Bench()
      let peer = bench.peer
      let isRunning = Flag()
      let sender = TestThread {
        for number in 0..<100_000 as Range<UInt32> where isRunning.isSet {
          try? peer.send(EthernetFrame.make(number: number))
        }
      }
      for _ in 0..<5 {
        try bench.activate(outgoing: true)
        bench.settle(milliseconds: 5)
        bench.deactivate()
      }
      isRunning.clear()
      sender.join()
      #expect(!bench.receiver.frames.isEmpty)
      #expect(bench.receiver.frames.allSatisfy { $0.flags == [] })
    }
  }
}
