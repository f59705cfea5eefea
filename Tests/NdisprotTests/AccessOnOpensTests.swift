import Glibc
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
    let values = Dictionary(uniqueKeysWithValues: client.open.counters().values)
    #expect(values[.txSent] == 2)
    #expect(values[.txRejectedRate] == 6)
    #expect(values[.txSubmitted] == 8)
  }

  @Test(
    "threat T16: two opens of a user share his rate also while the kernel takes a part of a batch",
    arguments: [1, 7, 42] as [UInt64])
  func sharedWhilePended(seed: UInt64) throws {
    let fixture = try DataPathFixture()
    let limited = AccessPolicyTests.rule(
      "slow", .user(1000), [0x888E], .any, .all, rate: RateLimit(framesPerSecond: 400))
    let clients = try (0..<2).map { _ in
      try DataPathFixture.Client(
        fixture, OpenOptions(etherTypes: .eapol), grant([limited], [0x888E]))
    }
    var random = SplitMix64(state: seed)
    let frame = Frames.make(to: Frames.peer, from: Frames.own, number: 1)
    let started = monotonic()
    var submitted = 0
    for round in 0..<200 {
      if random.next() % 2 == 0 {
        // The kernel takes some of the batch and is full then.
        fixture.miniport.script.append(
          SendProgress(sentCount: Int(random.next() % 5), failure: .wouldBlock))
      }
      let count = Int(random.next() % 8) + 1
      submitted += count
      _ = try clients[round % 2].write(Array(repeating: frame, count: count))
      if random.next() % 2 == 0 {
        fixture.dataPath.sendPossible()
        while fixture.dataPath.sendPended() {}
      }
    }
    fixture.miniport.script = []
    fixture.dataPath.sendPossible()
    while fixture.dataPath.sendPended() {}
    let seconds = Double(monotonic() - started) / 1e9
    // A bucket of 20 frames, and what came into it meanwhile: not a batch more.
    #expect(Double(fixture.miniport.sent.count) <= 20 + 400 * seconds + 1)
    #expect(fixture.miniport.sent.count >= 20)
    let values = clients.map { Dictionary(uniqueKeysWithValues: $0.open.counters().values) }
    func sum(_ counter: Counter) -> UInt64 { values.compactMap { $0[counter] }.reduce(0, +) }
    #expect(sum(.txSent) == UInt64(fixture.miniport.sent.count))
    #expect(sum(.txSent) + sum(.txRejectedRate) == UInt64(submitted))
    #expect(sum(.txPending) == 0)
  }

  private func monotonic() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  @Test("threat T16: priority is a right of each frame, and the refusal names the rule without it")
  func priority() throws {
    let fixture = try DataPathFixture()
    let urgent = AccessPolicyTests.rule(
      "urgent", .user(1000), [0x888E], .untagged, [.write, .priority])
    let tagged = AccessPolicyTests.rule("tagged", .user(1000), [0x888E], .any, .write)
    let client = try DataPathFixture.Client(
      fixture, OpenOptions(flags: .priority(6), etherTypes: .eapol),
      grant([urgent, tagged], [0x888E]))
    let plain = Frames.make(to: Frames.peer, from: Frames.own, number: 1)
    var inVLAN = plain
    inVLAN.insert(contentsOf: [0x81, 0, 0, 5], at: 12)
    let first = try client.write([plain, inVLAN, plain])
    #expect(client.statuses(of: first) == [.success, .notPermitted, .success])
    #expect(fixture.miniport.sent == [plain, plain] && fixture.miniport.priorities == [6, 6])
    #expect(
      client.requester.refusals == [.missing(.priority, rule: "tagged", origin: "test: tagged")])
    var usual = urgent
    usual.rights = .write
    #expect(client.open.follow(AccessPolicy([usual])) == .changed)
    let second = try client.write([plain, plain])
    #expect(client.statuses(of: second) == [.notPermitted, .notPermitted])
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
    let values = Dictionary(uniqueKeysWithValues: client.open.counters().values)
    #expect(values[.rxDropRevoked] == 1)
    #expect(values[.rxQueued] == 0)
    guard case .closed = client.open.follow(AccessPolicy([])) else {
      Issue.record("an open without a right lives on")
      return
    }
  }
}
