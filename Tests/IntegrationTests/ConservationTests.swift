import NDIS
import Testing

/// The laws that every other test of this target is held to at its end.
@Suite(
  "Conservation laws", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct ConservationTests {
  /// Every counter of `ndisprotd.docc/Reliability.md` section 1, as JSON spells it, by the kind of
  /// its object.
  private static let names: [String: [String]] = [
    "binding": ["kernelPackets", "kernelDrops", "rxFrames", "txSent"],
    "open": [
      "rxOffered", "rxOverrun", "rxMatched", "rxUnmatchedEthertype", "rxUnmatchedFilter",
      "rxUnmatchedDirection", "rxNotPermitted", "rxDropState", "rxLooped", "rxDelivered",
      "rxDropFlushed", "rxDropClosed", "rxDropRevoked", "rxQueued", "txSubmitted",
      "txRejectedInvalid", "txRejectedPolicy", "txRejectedRate", "txRejectedState", "txSent",
      "txErrNobufs", "txErrNetdown", "txErrGone", "txErrToolong", "txErrOther", "txCancelled",
      "txPending",
    ],
    "session": ["reqIssued", "reqCompletedOk", "reqCompletedError", "reqCancelled", "reqPending"],
  ]

  @Test("law D1, D2, D3, D4, D6: stats shows every counter once, under the law's own name")
  func counters() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let objects = try ConservationLaws(lab).objects()
      for (kind, names) in Self.names {
        let object = try #require(objects.first { $0.kind == kind })
        #expect(Set(names).subtracting(object.counterNames) == [], "of a \(kind)")
      }
      #expect(try session.closeDevice().status == .success)
    }
  }

  @Test(
    "law D7: when 800 clients with full queues are gone memory, descriptors and threads are back")
  func memory() throws {
    try Lab.run { lab in
      let daemon = try lab.daemon
      let idle = daemon.resources
      // How much the allocator keeps differs from round to round; a leak is in each of them.
      var kept: [Int] = []
      for _ in 1...8 {
        try use(lab)
        kept.append(daemon.memoryByteCount)
      }
      try eventually("law D7: \(idle)") { daemon.resources.areWithin(idle) }
      let most = try #require(kept.prefix(3).max())
      let least = try #require(kept.suffix(4).min())
      #expect(least <= most + 1 << 20, "law D7: \(kept)")
    }
  }

  /// A hundred clients with reads pended and frames queued, killed together.
  private func use(_ lab: Lab) throws {
    let clients = lab.makeClient()
    let idle = try lab.daemon.resources
    let sessions = try (1...100).map { _ in try clients.open() }
    for session in sessions.prefix(50) { _ = try session.startReads(256) }
    for session in sessions { try session.settle() }
    try lab.peer.send(Frame.numbered(500))
    try clients.kill()
    try eventually("an idle daemon: \(idle)") { try lab.daemon.resources.areWithin(idle) }
  }
}
