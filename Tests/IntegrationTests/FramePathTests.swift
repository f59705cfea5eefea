import NDIS
import Testing

/// Faults of the way of a frame, from the client's side.
@Suite(
  "Frames and readers", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct FramePathTests {
  @Test(
    "a compat open with more reads pended than frames come gets all of them: its depth bounds what waits for no read"
  )
  func pendedReadsKeepFrames() throws {
    try Lab.run { lab in
      let session = try lab.client.open(flags: .compat)
      let reads = try session.startReads(60)
      try session.settle()
      try lab.peer.send(Frame.numbered(40))
      let frames = try reads.prefix(40).flatMap { try session.reply(to: $0).frames }
      #expect(frames == Frame.numbered(40))
      #expect(try session.counterOfOpen(.rxOverrun) == 0)
    }
  }

  @Test("a client that says it has more room than a message may hold is answered with a whole one")
  func room() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try lab.peer.send(Frame.numbered(2_000))
      try session.waitForFrames(2_000)
      var frames: [String] = []
      while frames.count < 2_000 {
        let reply = try session.readBatch(room: 4_294_967_295)
        #expect(reply.status == .success && reply.information <= 131_032)
        guard reply.status == .success else { return }
        frames += reply.frames
      }
      #expect(frames == Frame.numbered(2_000))
    }
  }
}
