import Glibc
import Miniport
import NDIS
import Platform
import TestSupport
import Testing

extension OnVeth {
  @Suite("Receiving")
  struct ReceiveTests {
    @Test(
      "a frame of any legal length arrives as it was sent, with its time",
      arguments: CaptureProfile.allCases, [14, 15, 60, 1513, 1514])
    func lengths(profile: CaptureProfile, byteCount: Int) throws {
      let bench = try Bench()
      try bench.activate(profile: profile)
      let frame = EthernetFrame.make(byteCount: byteCount)
      let before = realTime()
      try bench.peer.send(frame)
      #expect(bench.receive(1) == [frame])
      let received = try #require(bench.receiver.frames.first)
      #expect(received.wireByteCount == byteCount)
      #expect(received.flags == [])
      #expect(received.timestampNanoseconds >= before)
      #expect(received.timestampNanoseconds <= realTime())
      #expect(bench.receiver.completions == 1)
    }

    @Test("a frame longer than the MTU was is cut and says so, until the next activation")
    func truncated() throws {
      let bench = try Bench()
      try bench.activate()
      for name in [bench.pair.near, bench.pair.far] {
        try Command.run("ip link set \(name) mtu 3000")
      }
      let frame = EthernetFrame.make(byteCount: 3014)
      try bench.peer.send(frame)
      bench.receive(1)
      let cut = try #require(bench.receiver.frames.first)
      #expect(cut.bytes == Array(frame.prefix(1522)))
      #expect(cut.wireByteCount == 3014)

      bench.deactivate()
      try bench.activate()
      try bench.peer.send(frame)
      #expect(bench.receive(2).last == frame)
    }

    @Test(
      "a tag is back where it was, flagged, and the inner type passes the filter",
      arguments: CaptureProfile.allCases,
      [[0x81, 0x00, 0x60, 0x2A], [0x88, 0xA8, 0x00, 0x07]] as [[UInt8]])
    func tagged(profile: CaptureProfile, tag: [UInt8]) throws {
      let bench = try Bench()
      try bench.activate([0x88B5], profile: profile)
      let frame = EthernetFrame.make(byteCount: 64, tag: tag)
      try bench.peer.send(frame)
      try bench.peer.send(EthernetFrame.make(byteCount: 60))
      #expect(bench.receive(2) == [frame, EthernetFrame.make(byteCount: 60)])
      #expect(bench.receiver.frames.map(\.flags) == [.tagPutBack, []])
      #expect(bench.receiver.frames.map(\.wireByteCount) == [64, 60])
    }

    @Test("the longest tagged frame is not cut")
    func longestTagged() throws {
      let bench = try Bench()
      try bench.activate()
      let frame = EthernetFrame.make(byteCount: 1518, tag: [0x81, 0, 0, 1])
      try bench.peer.send(frame)
      #expect(bench.receive(1) == [frame])
    }

    @Test("of two tags the outer is put back, the inner was never away")
    func doubleTagged() throws {
      let bench = try Bench()
      try bench.activate([0x88A8, 0x8100])
      let frame = EthernetFrame.make(
        byteCount: 68, tag: [0x88, 0xA8, 0, 2, 0x81, 0, 0, 3])
      try bench.peer.send(frame)
      #expect(bench.receive(1) == [frame])
      #expect(bench.receiver.frames.map(\.flags) == [.tagPutBack])
    }

    @Test(
      "both profiles deliver every frame of a burst once and in order",
      arguments: CaptureProfile.allCases)
    func burst(profile: CaptureProfile) throws {
      let bench = try Bench()
      try bench.activate(profile: profile, ringByteCount: 16 << 20)
      let sender = bench.startSending(20_000, window: 4_000)
      bench.receive(20_000)
      sender.join()
      #expect(bench.receiver.bytes.compactMap(EthernetFrame.number) == Array(0..<20_000))
      #expect(bench.miniport.statistics == CaptureStatistics(frames: 20_000, drops: 0))
    }

    @Test(
      "beside a reader that may not wait others gather, and are served behind the last frame, whatever becomes of the handle",
      arguments: [false, true])
    func gathering(isDeactivated: Bool) throws {
      let bench = try Bench()
      try bench.activate(ringByteCount: 16 << 20)
      bench.receiver.mayNap = { false }
      let sender = bench.startSending(20_000, window: 30)
      bench.receive(20_000)
      sender.join()
      // How many looks fell into the time of a nap behind another is the machine's affair.
      print("looks for sparse readers alone: \(bench.receiver.sparseLooks)")
      if isDeactivated {
        bench.deactivate()
      } else {
        bench.turn { bench.receiver.completedCount == 20_000 }
      }
      #expect(bench.receiver.completedCount == 20_000)
      #expect(bench.receiver.bytes.compactMap(EthernetFrame.number) == Array(0..<20_000))
    }

    @Test("what is there is taken in chunks of at most 512, and completed behind the last")
    func chunks() throws {
      let bench = try Bench()
      try bench.activate(ringByteCount: 16 << 20)
      try bench.peer.send((0..<1500).map { EthernetFrame.make(number: $0) })
      bench.loop.turn()
      #expect(bench.receiver.frames.count == 1500)
      #expect(bench.receiver.chunks == 2)
      #expect(bench.receiver.completions == 1)
    }

    @Test("a look ends behind four full chunks, and what follows is completed in the end")
    func fullLooks() throws {
      let bench = try Bench()
      try bench.activate(ringByteCount: 16 << 20)
      try bench.peer.send((0..<3_072).map { EthernetFrame.make(number: $0) })
      bench.loop.turn()
      #expect(bench.receiver.frames.count == 2_048)
      #expect(bench.receiver.completions == 0)
      bench.receive(3_072)
      bench.turn { bench.receiver.completions > 0 }
      #expect(bench.receiver.frames.count == 3_072)
      #expect(bench.receiver.chunks == 6)
      #expect(bench.receiver.completions == 1)
    }

    @Test(
      "a receiver that wants no more ends a dispatch behind the frame at hand: none is lost, and the look ends behind four such chunks, however few frames they hold",
      arguments: CaptureProfile.allCases)
    func stopped(profile: CaptureProfile) throws {
      let bench = try Bench()
      try bench.activate(profile: profile)
      bench.receiver.mayGoOn = { [unowned receiver = bench.receiver] in
        receiver.frames.count % 10 != 0
      }
      let sent = (0..<200).map { EthernetFrame.make(number: $0) }
      try bench.peer.send(sent)
      bench.turn { bench.receiver.completedCount >= 200 }
      #expect(bench.receiver.bytes == sent)
      #expect(bench.receiver.chunks >= 19)
      #expect(bench.receiver.completedCount == 200)
      #expect(bench.miniport.statistics == CaptureStatistics(frames: 200, drops: 0))
    }

    @Test("a chunk that was full by chance is completed too", arguments: CaptureProfile.allCases)
    func fullByChance(profile: CaptureProfile) throws {
      let bench = try Bench()
      try bench.activate(profile: profile, ringByteCount: 16 << 20)
      try bench.peer.send((0..<2_048).map { EthernetFrame.make(number: $0) })
      bench.turn { bench.receiver.completedCount == 2_048 }
      #expect(bench.receiver.frames.count == 2_048)
      #expect(bench.receiver.completedCount == 2_048)
      #expect(bench.receiver.chunks > 0)
    }

    @Test("no further chunk is taken once the receiver would rather have frames left in the ring")
    func heldBetweenChunks() throws {
      let bench = try Bench()
      try bench.activate(ringByteCount: 16 << 20)
      bench.receiver.onChunk = { [unowned receiver = bench.receiver] in receiver.isHolding = true }
      try bench.peer.send((0..<2_048).map { EthernetFrame.make(number: $0) })
      bench.settle()
      #expect(bench.receiver.frames.count == 512)
      #expect(bench.receiver.completions == 0)
      bench.receiver.onChunk = {}
      bench.receiver.isHolding = false
      bench.receive(2_048)
      #expect(bench.receiver.frames.count == 2_048)
    }

    @Test(
      "behind a full chunk an end of the capture completes what came, whoever ends it",
      arguments: [false, true])
    func endBehindChunk(isFailing: Bool) throws {
      let bench = try Bench()
      try bench.activate(ringByteCount: 16 << 20)
      bench.receiver.onChunk = { [unowned receiver = bench.receiver] in receiver.isHolding = true }
      try bench.peer.send((0..<512).map { EthernetFrame.make(number: $0) })
      bench.receive(512)
      #expect(bench.receiver.completions == 0)
      if isFailing {
        try Command.run("ip link del \(bench.pair.near)")
        bench.receiver.isHolding = false
        bench.turn { bench.receiver.completions > 0 }
        #expect(bench.receiver.failures.isEmpty || bench.receiver.completionsBeforeFailure == 1)
      } else {
        bench.deactivate()
      }
      #expect(bench.receiver.frames.count == 512)
      #expect(bench.receiver.completions == 1)
    }

    @Test("D1: what the kernel counted is what it dropped and what arrived")
    func overflow() throws {
      let bench = try Bench()
      try bench.activate(ringByteCount: 256 << 10)
      try bench.peer.send((0..<2000).map { EthernetFrame.make(number: $0) })
      bench.settle(milliseconds: 50)
      let counted = bench.miniport.statistics
      #expect(counted.frames == 2000)
      #expect(counted.drops > 0)
      #expect(counted.frames == counted.drops + UInt64(bench.receiver.frames.count))
      // the first are kept, the newest dropped.
      #expect(
        bench.receiver.bytes.compactMap(EthernetFrame.number)
          == Array(0..<UInt32(bench.receiver.frames.count)))
    }

    @Test(
      "D1: frames left in the ring are taken when the handle closes",
      arguments: CaptureProfile.allCases)
    func leftInRing(profile: CaptureProfile) throws {
      let bench = try Bench()
      try bench.activate(profile: profile)
      try bench.peer.send((0..<700).map { EthernetFrame.make(number: $0) })
      bench.deactivate()
      #expect(bench.receiver.frames.count == 700)
      #expect(bench.miniport.statistics == CaptureStatistics(frames: 700, drops: 0))
      #expect(packetSockets(on: bench.pair.nearIndex) == 0)
    }

    @Test(
      "D1: counters begin with the handle and go on over the next one",
      arguments: CaptureProfile.allCases)
    func countersOverHandles(profile: CaptureProfile) throws {
      let bench = try Bench()
      let peer = bench.peer
      let isRunning = Flag()
      // Traffic all the while, so that something is always in flight at either end.
      let sender = TestThread {
        for number in 0..<200_000 as Range<UInt32> where isRunning.isSet {
          try? peer.send(EthernetFrame.make(number: number))
        }
      }
      for _ in 0..<5 {
        try bench.activate(profile: profile, ringByteCount: 16 << 20)
        bench.settle(milliseconds: 5)
        bench.deactivate()
      }
      isRunning.clear()
      sender.join()
      let counted = bench.miniport.statistics
      #expect(counted.frames > 0)
      #expect(counted.frames == counted.drops + UInt64(bench.receiver.frames.count))
    }

    @Test("a receiver that holds leaves the frames in the kernel's ring until it does not")
    func hold() throws {
      let bench = try Bench()
      try bench.activate()
      bench.receiver.isHolding = true
      try bench.peer.send((0..<100).map { EthernetFrame.make(number: $0) })
      bench.settle()
      #expect(bench.receiver.frames.isEmpty)
      bench.receiver.isHolding = false
      #expect(bench.receive(100).count == 100)
      #expect(bench.miniport.statistics.drops == 0)
    }

    @Test("a receiver may deactivate in the middle of a frame; those behind it come, too")
    func deactivateInCallback() throws {
      let bench = try Bench()
      try bench.activate()
      var isDrained = false
      bench.receiver.onFrame = { [unowned bench] in
        guard bench.receiver.frames.count == 3 else { return }
        bench.miniport.deactivate { isDrained = true }
      }
      try bench.peer.send((0..<10).map { EthernetFrame.make(number: $0) })
      bench.turn { isDrained }
      #expect(bench.receiver.frames.count == 10)
      bench.receiver.onFrame = {}
      try bench.activate()
      try bench.peer.send(EthernetFrame.make(number: 11))
      #expect(bench.receive(11).count == 11)
      #expect(bench.miniport.statistics == CaptureStatistics(frames: 11, drops: 0))
    }
  }
}

/// Nanoseconds since the epoch.
private func realTime() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
