import NDIS
import TestSupport
import Testing

@testable import Miniport

extension OnVeth {
  @Suite("One look at the ring")
  struct LookTests {
    /// 40 frames wait, and a chunk is 16.
    private func completions(wantsMore: Bool, _ count: Int = 40) throws -> Int {
      let bench = try Bench()
      bench.receiver.takesAll = wantsMore
      try bench.miniport.activate(
        CaptureConfiguration(dispatchByteCount: 0, etherTypes: EtherTypeSet([0x88B5])),
        handler: bench.receiver)
      let frames = (0..<count).map { EthernetFrame.make(byteCount: 60 + $0) }
      for frame in frames { try bench.peer.send(frame) }
      #expect(bench.receive(count) == frames)
      bench.settle(milliseconds: 5)
      return bench.receiver.completions
    }

    @Test("a receiver that has enough is told after each chunk")
    func enough() throws { #expect(try completions(wantsMore: false) == 3) }

    @Test("one that wants more is told once, after the last chunk")
    func more() throws { #expect(try completions(wantsMore: true) == 1) }

    @Test("one that wants more and has no room now is asked before every chunk, and loses nothing")
    func holds() throws {
      let bench = try Bench()
      bench.receiver.takesAll = true
      bench.receiver.holdsFrom = 16
      try bench.miniport.activate(
        CaptureConfiguration(dispatchByteCount: 0, etherTypes: EtherTypeSet([0x88B5])),
        handler: bench.receiver)
      let frames = (0..<40).map { EthernetFrame.make(byteCount: 60 + $0) }
      for frame in frames { try bench.peer.send(frame) }
      bench.turn { bench.receiver.frames.count >= 16 }
      bench.settle(milliseconds: 5)
      #expect(bench.receiver.bytes == Array(frames.prefix(16)))
      bench.receiver.holdsFrom = .max
      #expect(bench.receive(40) == frames)
    }

    @Test("a last chunk that is just full is told of at once")
    func full() throws { #expect(try completions(wantsMore: true, 32) == 1) }
  }
}
