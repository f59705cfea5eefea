import NDIS
import Testing

/// INDICATE_STATUS: the sample's way to hear of the carrier.
@Suite(
  "Status indications", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct StatusTests {
  /// LINK_STATE with 40 bytes of NDIS_LINK_STATE: the carrier, nothing known of speed and duplex.
  private func linkState(_ link: UInt8) -> String {
    "17000140" + "0c000000" + "28000000" + "80012800" + "0\(link)000000" + "00000000" + "00000000"
      + "ffffffffffffffff" + "ffffffffffffffff" + "04000000" + "00000000"
  }

  @Test("Q-38, Q-40, Q-42: each indication completes one request, oldest first, behind the state")
  func order() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let idle = try lab.client.open(types: [])
      let first = try session.startControl(.indicateStatus, room: 52)
      let second = try session.startControl(.indicateStatus, room: 1_024)
      let third = try idle.startControl(.indicateStatus, room: 52)
      for one in [session, idle] { try one.settle() }
      try lab.farIP("link set np1 down")
      let down = try session.reply(to: first)
      #expect(down.status == .success && down.payload == linkState(2) && down.information == 52)
      #expect(try session.enumerate().bindings?.first?.link == 2)
      #expect(try idle.reply(to: third).payload == linkState(2))
      #expect(try session.isPending(second))
      try lab.farIP("link set np1 up")
      #expect(try session.reply(to: second).payload == linkState(1))
    }
  }

  @Test("Q-38: without an open it is refused")
  func notAssociated() throws {
    try Lab.run { lab in
      let session = try lab.client.connect()
      #expect(try session.control(.indicateStatus, room: 52).status == .notConnected)
    }
  }

  @Test(
    "Q-39, D-35, D-57: an indication that does not fit stays, and nothing is said beyond the room")
  func tooSmall() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let short = try session.control(.indicateStatus, room: 11)
      #expect(short.status == .bufferTooSmall && short.bytesNeeded == 12)
      try lab.farIP("link set np1 down")
      let tight = try session.control(.indicateStatus, room: 51)
      #expect(tight.ntStatus == NTStatus.bufferOverflow.rawValue && tight.payload.isEmpty)
      #expect(tight.information == 0 && tight.bytesNeeded == 52)
      #expect(try session.control(.indicateStatus, room: 52).payload == linkState(2))
      try lab.farIP("link set np1 up")
    }
  }

  @Test("D-35: what is indicated while nobody asks waits for the next request")
  func kept() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let watcher = try lab.client.connect()
      #expect(try watcher.subscribe(EventKindSet(.linkState)).status == .success)
      for command in ["down", "up", "down", "up"] {
        try lab.farIP("link set np1 \(command)")
        #expect(try watcher.events(1).count == 1)
      }
      for link: UInt8 in [2, 1, 2, 1] {
        #expect(try session.control(.indicateStatus, room: 52).payload == linkState(link))
      }
      let pended = try session.startControl(.indicateStatus, room: 52)
      #expect(try session.isPending(pended))
    }
  }

  @Test("Q-41: cancelled by CANCEL, by CLOSE_DEVICE and when the interface goes; 64 may wait")
  func ends() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let pended = try (0..<64).map { _ in try session.startControl(.indicateStatus, room: 52) }
      #expect(try session.control(.indicateStatus, room: 52).status == .tooManyRequests)
      #expect(try session.cancel(pended[0]).status == .success)
      #expect(try session.reply(to: pended[0]).status == .cancelled)
      #expect(try session.closeDevice().status == .success)
      #expect(try session.collect(Array(pended.dropFirst())).count(.cancelled) == 63)

      #expect(try session.open("np0").status == .success)
      let left = try session.startControl(.indicateStatus, room: 52)
      try session.settle()
      try lab.ip("link del np0")
      // The carrier goes first: one request of two hears of that.
      let next = try session.startControl(.indicateStatus, room: 52)
      let ends = try [left, next].map { try session.reply(to: $0) }
      #expect(ends.contains { $0.status == .adapterRemoved || $0.status == .notBound })
      try eventually("the end of the binding") { try session.enumerate().count == 0 }
      #expect(try session.control(.indicateStatus, room: 52).status == .notBound)
    }
  }
}
