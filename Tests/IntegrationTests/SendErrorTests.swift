import Glibc
import NDIS
import Testing

/// What the kernel says to a send that the daemon had no reason to refuse.
///
/// The daemon hears of the interface on its control thread; while that stands still the binding's
/// thread knows nothing, and sends.
@Suite(
  "Send errors", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct SendErrorTests {
  @Test("B12: a full interface queue is tried again, then said of each frame, and none is lost")
  func noBuffers() throws {
    // The interface's queue loses what it holds when it is taken away.
    try Lab.run(Lab.Options(ownsWire: false)) { lab in
      let session = try lab.client.open()
      let far = lab.peer
      try lab.tc("qdisc add dev np0 root tbf rate 8kbit burst 1600 limit 3000")
      let reply = try session.writeBatch(
        (1...60).map { Frame.outward(number: $0, byteCount: 1_514) })
      let errors = try #require(reply.statuses).map { $0[2] }
      let sent = errors.count { $0 == 0 }
      #expect(sent >= 2 && sent < 60)
      #expect(errors.count { $0 == UInt32(ENOBUFS) } == 60 - sent)
      #expect(reply.status == .noBuffers)
      #expect(reply.information == sent * 1_514)
      try lab.tc("qdisc del dev np0 root")
      #expect(try session.write(Frame.outward(number: 99)).status == .success)
      #expect(try far.receive(1).isEmpty == false)
    }
  }

  /// Something that happens to the interface, and what the next frames meet.
  struct Case: Sendable, CustomTestStringConvertible {
    let command: String
    let statuses: [CompletionStatus]
    let counter: Counter
    var bytesNeeded = 0

    var testDescription: String { command }
  }

  private static let cases: [Case] = [
    Case(
      command: "link set np0 mtu 1000", statuses: [.success, .frameTooLong],
      counter: .txErrToolong, bytesNeeded: 1_014),
    Case(
      command: "link set np0 down", statuses: [.lowPower, .lowPower], counter: .txErrNetdown),
  ]

  @Test(
    "B12: EMSGSIZE and ENETDOWN are said of each frame, with the limit, and counted",
    arguments: cases)
  func unheard(_ one: Case) throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      do {
        let standstill = try lab.daemon.freeze("control")
        try lab.ip(one.command)
        let reply = try session.writeBatch([
          Frame.outward(number: 1, byteCount: 1_014), Frame.outward(number: 2, byteCount: 1_015),
        ])
        #expect(
          reply.statuses
            == one.statuses.map {
              [$0.ntStatus.rawValue, $0.ndisStatus.rawValue, UInt32(bitPattern: $0.errno)]
            })
        #expect(reply.bytesNeeded == one.bytesNeeded)
        try standstill.kill()
      }
      let refused = UInt64(one.statuses.count { $0 != .success })
      let open = try #require(try session.statistics().first { $0.kind == 2 })
      #expect(open[.txSubmitted] == 2 && open[one.counter] == refused)
      #expect(open[.txSent] == 2 - refused)
      #expect(try far.receive(2, seconds: 1).count == Int(2 - refused))
    }
  }

  @Test("B12: of an interface that is deleted unheard each frame is refused and counted once")
  func deleted() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      do {
        let standstill = try lab.daemon.freeze("control")
        try lab.ip("link del np0")
        let reply = try session.writeBatch([Frame.outward(), Frame.outward()])
        // ENXIO, or ENETDOWN if the capture handle was closed before: it notices by itself.
        let errors = try #require(reply.statuses).map { Int32(bitPattern: $0[2]) }
        #expect(errors.allSatisfy { $0 == ENODEV || $0 == ENETDOWN } && errors.count == 2)
        try standstill.kill()
      }
      try eventually("the end of the binding") {
        try session.write(Frame.outward()).status == .bindingGone
      }
    }
  }

  @Test("D-50, X-4: behind a flap that nobody has told of yet the first write goes out")
  func flap() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      do {
        let standstill = try lab.daemon.freeze("control")
        try lab.ip("link set np0 down")
        try lab.ip("link set np0 up")
        #expect(try session.write(Frame.outward(number: 1)).status == .success)
        try standstill.kill()
      }
      #expect(try far.receive(1) == [Frame.outward(number: 1)])
    }
  }
}
