import NDIS
import TestSupport
import Testing

@testable import Ndisprot

@Suite("The policy on an open")
struct AccessOnOpensTests {
  private func grant(_ rules: [AccessRule], _ types: [UInt16]) -> AccessGrant {
    AccessGrant(rules, for: EtherTypeSet(types))
  }

  @Test("threat T16: what is sent in a second is within 5 % of the limit, and the rest is counted")
  func rate() throws {
    let bucket = TokenBucket(RateLimit(framesPerSecond: 1_000, bytesPerSecond: 10_000_000))
    var sent = 0
    // A frame every 100 µs is ten times too fast.
    for step in 0..<20_000 {
      bucket.beginBatch(nowNanoseconds: 1_000_000_000 + UInt64(step) * 100_000)
      guard bucket.reserve(byteCount: 100) else { continue }
      bucket.spend(byteCount: 100)
      sent += 1
    }
    #expect((1_900...2_100).contains(sent))
  }

  @Test("what a full queue keeps from the wire costs no tokens")
  func reserved() {
    let bucket = TokenBucket(RateLimit(framesPerSecond: 20))
    for _ in 0..<100 {
      bucket.beginBatch(nowNanoseconds: 1_000_000_000)
      #expect(bucket.reserve(byteCount: 60))
    }
    bucket.spend(byteCount: 60)
    bucket.beginBatch(nowNanoseconds: 1_000_000_000)
    #expect(!bucket.reserve(byteCount: 60))
  }

  @Test("threat T16: frames beyond the rate are refused with rateExceeded, and law D4 holds")
  func refusedFrames() throws {
    let fixture = try DataPathFixture()
    let limited = AccessPolicyTests.rule(
      "slow", .user(1000), [0x888E], .any, .all, rate: RateLimit(framesPerSecond: 40))
    let client = try DataPathFixture.Client(
      fixture, OpenOptions(etherTypes: .eapol), grant([limited], [0x888E]))
    _ = try client.write((0..<8).map { Frames.make(to: Frames.peer, from: Frames.own, number: $0) })
    let values = Dictionary(uniqueKeysWithValues: client.open.idleCounters().values)
    #expect(values[.txSent] == 2)
    #expect(values[.txRejectedRate] == 6)
    #expect(values[.txSubmitted] == 8)
  }

  @Test("threat T20: a right that is lost drops what waits for it, counts it, and refuses reads")
  func revoked() throws {
    let fixture = try DataPathFixture()
    let all = AccessPolicyTests.rule("all", .user(1000), [0x888E], .any, [.read, .write])
    let client = try DataPathFixture.Client(
      fixture, OpenOptions(etherTypes: .eapol), grant([all], [0x888E]))
    fixture.miniport.deliver([Frames.make(number: 1)])
    var writer = all
    writer.rights = .write
    guard case .changed = client.open.follow(AccessPolicy([writer])) else {
      Issue.record("nothing changed")
      return
    }
    let id = try client.read()
    #expect(client.requester.completion(of: id)?.status == .notPermitted)
    let values = Dictionary(uniqueKeysWithValues: client.open.idleCounters().values)
    #expect(values[.rxDropRevoked] == 1)
    #expect(values[.rxQueued] == 0)
    guard case .closed = client.open.follow(AccessPolicy([])) else {
      Issue.record("an open without a right lives on")
      return
    }
  }
}
