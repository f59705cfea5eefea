import NDIS
import Testing

@testable import Miniport

@Suite("CaptureModerator")
struct CaptureModeratorTests {
  typealias Action = CaptureModerator.Action
  static let nap = Action.nap(nanoseconds: 20_000)
  static let gather = Action.gather(nanoseconds: 20_000)
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
      found.map { moderator.looked(found: $0, isMore: $0 >= 512, atNanoseconds: 0, mayNap: true) }
        == expected)
  }

  @Test(
    "while a reader may not wait others gather, and there are naps again when all may",
    arguments: [
      ([3, 3], [false, false], [.watch, .watch]),
      ([4, 4], [false, false], [gather, gather]),
      ([512, 7], [false, false], [atOnce, gather]),
      ([4, 1, 1], [false, true, true], [gather, nap, nap]),
      ([4, 1, 4], [true, false, true], [nap, gather, nap]),
      ([4, 0, 0, 1], [false, false, false, false], [gather, gather, .watch, .watch]),
    ] as [([Int], [Bool], [Action])])
  func readers(found: [Int], mayNap: [Bool], expected: [Action]) {
    var moderator = CaptureModerator(.latency)
    let actions = zip(found, mayNap).map { found, mayNap in
      moderator.looked(found: found, isMore: found >= 512, atNanoseconds: 0, mayNap: mayNap)
    }
    #expect(actions == expected)
  }

  @Test("readers are asked only if there is a reason to nap")
  func asked() {
    var moderator = CaptureModerator(.latency)
    var count = 0
    func asks() -> Bool {
      count += 1
      return true
    }
    for found in [0, 1, 2, 3] {
      let action = moderator.looked(
        found: found, isMore: false, atNanoseconds: 0, mayNap: asks())
      #expect(action == .watch)
    }
    #expect(count == 0)
    _ = moderator.looked(found: 4, isMore: false, atNanoseconds: 0, mayNap: asks())
    #expect(count == 1)
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
        _ = moderator.looked(found: found, isMore: false, atNanoseconds: now, mayNap: true)
      }
      return moderator.looked(found: 4, isMore: false, atNanoseconds: now, mayNap: true)
    }
    _ = look(framesPerMillisecond)
    #expect(look(framesPerMillisecond) == .nap(nanoseconds: nanoseconds))
    // Beside a reader that may not wait naps stay short, and below a rate there are none.
    let beside = moderator.looked(found: 4, isMore: false, atNanoseconds: now, mayNap: false)
    #expect(beside == (nanoseconds > 20_000 ? Self.nap : Self.gather))
    _ = look(4)
    #expect(look(4) == Self.nap)
  }

  @Test(
    "blocks are moderation enough, and what polls has nothing to save: neither profile naps",
    arguments: [CaptureProfile.throughput, .realtime])
  func others(profile: CaptureProfile) {
    var moderator = CaptureModerator(profile)
    #expect(
      [512, 4, 0, 0].allSatisfy {
        moderator.looked(found: $0, isMore: $0 >= 512, atNanoseconds: 0, mayNap: true) == .watch
      })
  }
}
