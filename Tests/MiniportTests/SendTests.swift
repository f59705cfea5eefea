import Glibc
import MDL
import Miniport
import NDIS
import Platform
import TestSupport
import Testing

extension OnVeth {
  @Suite("Sending")
  struct SendTests {
    @Test("the segments of a chain leave as one frame each, in order", arguments: [1, 64, 65, 200])
    func chain(count: Int) throws {
      let bench = try Bench()
      try bench.activate([])
      let listener = try RawSocket(bench.pair.far, receives: true)
      let frames = (0..<count).map {
        EthernetFrame.make(byteCount: 60 + $0, number: UInt32($0))
      }
      #expect(bench.send(frames) == SendProgress(sentCount: count, failure: nil))
      #expect(listener.receive(count: count) == frames)
    }

    @Test("mdl T55: a frame of three segments arrives as one, byte for byte")
    func segmentedFrame() throws {
      let pair = try VethPair()
      let listener = try RawSocket(pair.far, receives: true)
      let frame = EthernetFrame.make(byteCount: 1_000, number: 1)
      let bytes = frame.span.bytes
      var builder = MDLChainBuilder<3>()
      try builder.append(bytes.extracting(0..<7))
      try builder.append(bytes.extracting(7..<15))
      try builder.append(bytes.extracting(15..<1_000))
      try RawSocket(pair.near).send(builder.chain)
      #expect(listener.receive() == frame)
    }

    @Test(
      "X-2: the kernel's limits are said frame by frame: those in front leave, none behind",
      arguments: [
        (0, .other(errno: EINVAL)), (13, .other(errno: EINVAL)), (1515, .tooLong), (1518, .tooLong),
      ] as [(Int, SendFailure)])
    func refused(byteCount: Int, failure: SendFailure) throws {
      let bench = try Bench()
      try bench.activate([])
      let listener = try RawSocket(bench.pair.far, receives: true)
      let frames = [60, 1514, 14, byteCount, 60].map { EthernetFrame.make(byteCount: $0) }
      #expect(bench.send(frames) == SendProgress(sentCount: 3, failure: failure))
      #expect(listener.receive(count: 3) == Array(frames.prefix(3)))
      #expect(listener.receive(timeoutMilliseconds: 50) == nil)
    }

    @Test("a tagged frame may be four bytes longer, and arrives with its tag")
    func tagged() throws {
      let bench = try Bench()
      try bench.activate([])
      let listener = try RawSocket(bench.pair.far, receives: true)
      let frame = EthernetFrame.make(byteCount: 1518, tag: [0x81, 0, 0x20, 3])
      #expect(bench.send([frame]) == SendProgress(sentCount: 1, failure: nil))
      #expect(listener.receive() == frame)
      let longer = EthernetFrame.make(byteCount: 1519, tag: [0x81, 0, 0x20, 3])
      #expect(bench.send([longer]) == SendProgress(sentCount: 0, failure: .tooLong))
    }

    @Test("frames that skip the queueing discipline reach the wire past a full one, in order")
    func bypass() throws {
      let bench = try Bench()
      try bench.activate([])
      try Command.run(
        "tc qdisc add dev \(bench.pair.near) root tbf rate 8kbit burst 1600 limit 3000")
      let full = (0..<100).map { EthernetFrame.make(byteCount: 1000, number: $0) }
      #expect(bench.send(full).failure == .noBuffers)
      try bench.miniport.bypassQdisc()
      let listener = try RawSocket(bench.pair.far, receives: true)
      let frames = (0..<70).map { EthernetFrame.make(byteCount: 60, number: $0) }
      #expect(bench.send(frames) == SendProgress(sentCount: 70, failure: nil))
      var arrived: [[UInt8]] = []
      while arrived.count < 70, let frame = listener.receive() {
        // One that waited in the discipline may leave in between.
        if frame.count == 60 { arrived.append(frame) }
      }
      #expect(arrived == frames)
    }

    @Test("frames of a priority take its band: the urgent overtake what waits, each band in order")
    func priority() throws {
      let bench = try Bench()
      try bench.activate([])
      // A frame every 125 ms; the bands of pfifo_fast: 6 is urgent, 0 is usual, 2 has time.
      try Command.run(
        "tc qdisc add dev \(bench.pair.near) root handle 1: tbf rate 64kbit burst 1600 latency 60s")
      try Command.run("tc qdisc add dev \(bench.pair.near) parent 1:1 pfifo_fast")
      let listener = try RawSocket(bench.pair.far, receives: true)
      let plan: [(priority: UInt8, count: Int)] = [(0, 4), (2, 2), (6, 2), (0, 2), (15, 1)]
      var number: UInt32 = 0
      for (priority, count) in plan {
        let frames = (0..<count).map {
          EthernetFrame.make(byteCount: 1000, number: number + UInt32($0))
        }
        number += UInt32(count)
        #expect(
          bench.send(frames, priority: priority) == SendProgress(sentCount: count, failure: nil))
      }
      let arrived = listener.receive(count: 11)
      func places(_ numbers: ClosedRange<UInt32>) -> [Int] {
        numbers.compactMap { number in
          arrived.firstIndex(of: EthernetFrame.make(byteCount: 1000, number: number))
        }
      }
      let (usual, slow, urgent) = (places(0...3) + places(8...10), places(4...5), places(6...7))
      #expect(usual.count == 7 && usual == usual.sorted())
      #expect(slow == [9, 10])
      #expect(urgent.count == 2 && urgent == urgent.sorted() && urgent[1] < usual[3])
    }

    @Test("every priority up to 15 may be asked for with CAP_NET_RAW alone, from Linux 5.17 on")
    func priorities() throws {
      let bench = try Bench()
      try bench.activate([])
      for priority: UInt8 in 0...15 { try bench.miniport.checkPriority(priority) }
    }

    @Test("a full queue is noBuffers, and what was taken before is counted")
    func noBuffers() throws {
      let bench = try Bench()
      try bench.activate([])
      try Command.run(
        "tc qdisc add dev \(bench.pair.near) root tbf rate 8kbit burst 1600 limit 3000")
      let frames = (0..<100).map { EthernetFrame.make(byteCount: 1000, number: $0) }
      let progress = bench.send(frames)
      #expect(progress.failure == .noBuffers)
      #expect((1..<10).contains(progress.sentCount))
    }

    @Test("a full socket buffer is wouldBlock, and room is told once")
    func wouldBlock() throws {
      let bench = try Bench()
      try bench.activate([])
      // A queue longer than the socket's buffer, which fills first.
      try Command.run(
        "tc qdisc add dev \(bench.pair.near) root tbf rate 8mbit burst 16000 limit 10000000")
      let frames = (0..<200).map { EthernetFrame.make(byteCount: 1500, number: $0) }
      var progress = bench.send(frames)
      for _ in 0..<10 where progress.failure == nil { progress = bench.send(frames) }
      #expect(progress.failure == .wouldBlock)
      bench.settle(milliseconds: 5)
      #expect(bench.receiver.sendPossibleCount == 0)
      bench.miniport.notifyWhenSendPossible()
      bench.turn { bench.receiver.sendPossibleCount > 0 }
      #expect(bench.send([frames[0]]).sentCount == 1)
      bench.settle()
      #expect(bench.receiver.sendPossibleCount == 1)
    }

    @Test("a miniport that is not active takes nothing")
    func inactive() throws {
      let bench = try Bench()
      #expect(
        bench.send([EthernetFrame.make()]) == SendProgress(sentCount: 0, failure: .netDown))
      bench.miniport.notifyWhenSendPossible()
      bench.deactivate()
      #expect(bench.miniport.statistics == CaptureStatistics())
    }
  }
}
