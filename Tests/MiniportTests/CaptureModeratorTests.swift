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
    #expect(
      found.map { moderator.looked(found: $0, isMore: $0 >= 512, atNanoseconds: 0) } == expected)
  }

  @Test(
    "naps grow with the rate of the last millisecond, and shrink with it",
    arguments: [
      (4, 20_000), (250, 20_000), (350, 60_000), (400, 80_000), (450, 100_000), (5_000, 100_000),
    ] as [(Int, UInt64)])
  func rate(framesPerMillisecond: Int, nanoseconds: UInt64) {
    var moderator = CaptureModerator(.latency)
    var now: UInt64 = 1_000_000_000
    /// Looks once in a tenth of a millisecond for two milliseconds.
    func look(_ framesPerMillisecond: Int) -> Action {
      for number in 0..<20 {
        now += 100_000
        let found = number % 10 == 0 ? framesPerMillisecond : 0
        _ = moderator.looked(found: found, isMore: false, atNanoseconds: now)
      }
      return moderator.looked(found: 4, isMore: false, atNanoseconds: now)
    }
    _ = look(framesPerMillisecond)
    #expect(look(framesPerMillisecond) == .nap(nanoseconds: nanoseconds))
    _ = look(4)
    #expect(look(4) == Self.nap)
  }

  @Test("blocks are moderation enough: the throughput profile never naps")
  func throughput() {
    var moderator = CaptureModerator(.throughput)
    #expect(
      [512, 4, 0, 0].allSatisfy {
        moderator.looked(found: $0, isMore: $0 >= 512, atNanoseconds: 0) == .watch
      })
  }
}
