import NDIS
import Testing

@testable import Miniport

@Suite("WideningCounter")
struct WideningCounterTests {
  @Test("32-bit totals that wrap go on growing in 64 bits")
  func wraps() {
    var counter = WideningCounter()
    counter.advance(to: .init(received: .max, dropped: 5))
    counter.advance(to: .init(received: 9, dropped: 2))
    #expect(counter.total == CaptureStatistics(frames: (1 << 32) + 9, drops: (1 << 32) + 2))
  }

  @Test("what was counted before a restart is nothing")
  func restart() {
    var counter = WideningCounter()
    counter.advance(to: .init(received: 7, dropped: 7))
    counter.restart(at: .init(received: 100, dropped: 50))
    #expect(counter.total == CaptureStatistics())
    counter.advance(to: .init(received: 103, dropped: 51))
    #expect(counter.total == CaptureStatistics(frames: 3, drops: 1))
  }
}
