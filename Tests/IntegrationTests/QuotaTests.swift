import Glibc
import NDIS
import Testing

/// What a rule limits, for real users with the real daemon.
@Suite(
  "Quotas and rates", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct QuotaTests {
  private static let first = User.numbered(61_010, groups: [User.group])
  private static let second = User.numbered(61_011, groups: [User.group])

  /// A rule for the group of both, with a limit.
  private static func limited(_ more: String) -> String {
    Policy.text(
      Policy.rule(
        "some", "\"0x88b5\"", "\"read\", \"write\"", user: "group = \"\(User.group)\"", more: more))
  }

  /// The text behind a refusal.
  private func text(_ reply: Reply) -> String { String(decoding: reply.octets, as: UTF8.self) }

  @Test("B13: sessions of one user are bounded by his rule, before anything is allocated for more")
  func sessions() throws {
    try Lab.run(configuration: Self.limited("sessions = 2")) { lab in
      let client = lab.makeClient(as: Self.first)
      let kept = try (0..<2).map { _ in try client.connect() }
      #expect(throws: LabError.self) { try client.connect() }
      try eventually("the audit line") {
        try lab.daemon.auditLines("denied").contains {
          $0["uid"] == "61010" && $0["rule"] == "some"
            && $0["cause"]?.contains("allows sessions = 2, which is used up") == true
        }
      }
      // Each user has his own.
      #expect(try lab.makeClient(as: Self.second).connect().enumerate().status == .success)
      try kept[0].disconnect()
      try eventually("room for one") { (try? client.connect()) != nil }
      #expect(try kept[1].enumerate().status == .success)
    }
  }

  @Test("B13: opens under a rule are bounded for each user, and the refusal names the rule")
  func opens() throws {
    try Lab.run(configuration: Self.limited("opens = 2")) { lab in
      let client = lab.makeClient(as: Self.first)
      let kept = try (0..<2).map { _ in try client.open(types: [0x88B5]) }
      let more = try client.connect()
      let refused = try more.open("np0", types: [0x88B5])
      #expect(refused.status == .tooManyRequests)
      #expect(text(refused).contains("rule 'some'") && text(refused).contains("opens = 2"))
      #expect(try more.open("np0", types: []).status == .tooManyRequests)
      _ = try lab.makeClient(as: Self.second).open(types: [0x88B5])
      #expect(try kept[0].closeDevice().status == .success)
      #expect(try more.open("np0", types: [0x88B5]).status == .success)
      try more.disconnect()
      try eventually("what a session had is given back") {
        try kept[0].open("np0", types: [0x88B5]).status == .success
      }
    }
  }

  @Test("B13: requests that are not answered are bounded, over all sessions of a user")
  func requests() throws {
    try Lab.run(configuration: Self.limited("requests = 4")) { lab in
      let client = lab.makeClient(as: Self.first)
      let one = try client.open(types: [0x88B5])
      let other = try client.open(types: [0x88B5])
      let reads = try (0..<3).map { _ in try one.startRead() }
      let last = try other.startRead()
      #expect(try other.isPending(last))
      // A write that is wrong in itself is one more all the same, and takes none away.
      for _ in 0..<3 {
        let bad = try one.request("send", ["opcode": 5, "payload": "00"])
        #expect(try one.reply(to: bad).status == .tooManyRequests)
        #expect(try other.read().status == .tooManyRequests)
      }
      #expect(
        try lab.makeClient(as: Self.second).open(types: [0x88B5]).write(
          Frame.outward(type: "88b5")
        ).status == .success)
      #expect(try one.cancel(reads[0]).status == .success)
      #expect(try other.write(Frame.outward(type: "88b5")).status == .success)
      try one.disconnect()
      try eventually("room for three") {
        try other.write(Frame.outward(type: "88b5")).status == .success
      }
      let more = try (0..<3).map { _ in try other.startRead() }
      for read in more { #expect(try other.isPending(read)) }
      #expect(try other.read().status == .tooManyRequests)
    }
  }

  @Test("B13: windows of one user are bounded; the last one gets what is left, or is refused")
  func queueBytes() throws {
    try Lab.run(configuration: Self.limited("queue_bytes = \"64 KiB\"")) { lab in
      let client = lab.makeClient(as: Self.first)
      let some = try client.connect()
      #expect(
        try some.open("np0", types: [0x88B5], queueBytes: 32 << 10).granted?.queueBytes == 32 << 10)
      // No window is smaller than this, so none is counted smaller.
      let small = try client.connect()
      #expect(try small.open("np0", types: [0x88B5], queueBytes: 1).granted?.queueBytes == 4_096)
      let rest = try client.connect()
      #expect(try rest.open("np0", types: [0x88B5]).granted?.queueBytes == 28 << 10)
      let late = try client.connect()
      for wanted in [0, 1] {
        let refused = try late.open("np0", types: [0x88B5], queueBytes: wanted)
        #expect(refused.status == .tooManyRequests)
        #expect(text(refused).contains("queue_bytes = 65536"))
      }
      #expect(try some.closeDevice().status == .success)
      #expect(try late.open("np0", types: [0x88B5]).granted?.queueBytes == 32 << 10)
    }
  }

  @Test("quotas are taken anew at a reload: what is open counts, and nothing is closed for it")
  func reload() throws {
    try Lab.run(configuration: Self.limited("")) { lab in
      let client = lab.makeClient(as: Self.first)
      let opens = try (0..<3).map { _ in try client.open(types: [0x88B5]) }
      let reads = try opens.map { try $0.startRead() }
      let late = try client.connect()
      #expect(try lab.reload(Self.limited("opens = 3\nrequests = 2")).exitCode == 0)
      #expect(try late.open("np0", types: [0x88B5]).status == .tooManyRequests)
      #expect(try opens[0].read().status == .tooManyRequests)
      for (open, read) in zip(opens, reads) { #expect(try open.isPending(read)) }
      // Two of the three leave: one request, and one open, is allowed again.
      for (open, read) in zip(opens, reads).dropFirst() {
        #expect(try open.cancel(read).status == .success)
      }
      #expect(try opens[0].write(Frame.outward(type: "88b5")).status == .success)
      #expect(try opens[1].closeDevice().status == .success)
      #expect(try late.open("np0", types: [0x88B5]).status == .success)
      #expect(try opens[1].open("np0", types: [0x88B5]).status == .tooManyRequests)
      #expect(try lab.reload(Self.limited("")).exitCode == 0)
      #expect(try opens[1].open("np0", types: [0x88B5]).status == .success)
      for session in [opens[0], opens[1], late] {
        for _ in 0..<5 { _ = try session.startRead() }
        try session.settle()
      }
    }
  }

  /// What a user could send, as he measured it.
  private func check(
    _ outcome: ControlSession.Throughput, each cost: Double, perSecond limit: Double
  ) {
    let admitted = Double(outcome.sent) * cost
    // A twentieth of a second's worth may be there at the start; one frame may reach over the end.
    let most = limit * outcome.seconds * 1.05 + limit / 20 + cost
    let least = limit * outcome.busySeconds * 0.95 - cost
    #expect(admitted <= most && admitted >= least, "\(outcome): \(least)…\(most)")
    #expect(outcome.sent + outcome.refused == outcome.asked && outcome.refused > 0)
  }

  @Test(
    "threat T16: what two sessions of a user send is within 5 % of his rate, the rest is counted",
    arguments: [("frames = 1500", 1.0, 1_500.0), ("bytes = 150000", 100.0, 150_000.0)])
  func rate(_ limit: String, _ cost: Double, _ perSecond: Double) throws {
    let frame = Frame.outward(type: "88b5", byteCount: 100)
    try Lab.run(configuration: Self.limited("rate = { \(limit) }")) { lab in
      let client = lab.makeClient(as: Self.first)
      let sessions = try (0..<2).map { _ in
        try client.open(flags: .noLoopback, types: [0x88B5])
      }
      // The other user's rate is his own: he is never refused.
      let other = try lab.makeClient(as: Self.second).open(flags: .noLoopback, types: [0x88B5])
      #expect(try other.write(frame).status == .success)
      let outcome = try sessions[0].measureThroughput(with: sessions[1], frame, seconds: 2)
      check(outcome, each: cost, perSecond: perSecond)
      #expect(try other.write(frame).status == .success)
      let opens = try lab.makeClient(as: .owner).connect().statistics().filter {
        $0.kind == 2 && $0.name.contains("61010")
      }
      func sum(_ counter: Counter) -> UInt64 { opens.map { $0[counter] }.reduce(0, +) }
      #expect(sum(.txRejectedRate) == UInt64(outcome.refused))
      #expect(sum(.txSent) == UInt64(outcome.sent))
      #expect(sum(.txSubmitted) == UInt64(outcome.asked))
    }
  }
}
