import NDIS
import Testing

@testable import Miniport

@Suite("CaptureModerator")
struct CaptureModeratorTests {
  typealias Action = CaptureModerator.Action
  static let nap = Action.nap(nanoseconds: 20_000)
  static let atOnce = Action.nap(nanoseconds: 0)

  @Test(
    "a nap follows a look that found four, and ends with two empty ones in a row",
    arguments: [
      ([1, 2, 3, 0], [.watch, .watch, .watch, .watch]),
      ([4], [nap]),
      ([4, 0, 0, 1], [nap, nap, .watch, .watch]),
      ([4, 0, 1, 0, 0], [nap, nap, nap, nap, .watch]),
      ([9, 1, 3, 0, 0, 3, 4], [nap, nap, nap, nap, .watch, .watch, nap]),
      ([0, 0, 4, 0], [.watch, .watch, nap, nap]),
      ([512, 512, 7, 0, 0], [atOnce, atOnce, nap, nap, .watch]),
    ] as [([Int], [Action])])
  func latency(found: [Int], expected: [Action]) {
    var moderator = CaptureModerator(.latency)
    #expect(found.map { moderator.looked(found: $0, of: 512) } == expected)
  }

  @Test("blocks are moderation enough: the throughput profile never naps")
  func throughput() {
    var moderator = CaptureModerator(.throughput)
    #expect([512, 4, 0, 0].allSatisfy { moderator.looked(found: $0, of: 512) == .watch })
  }
}
