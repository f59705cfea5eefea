import Glibc
import MDL
import NDIS
import TestSupport
import Testing

@testable import Ndisprot

/// What the kernel may say to a send, played by the scripted miniport.
@Suite("Send errors")
struct SendErrorTests {
  private static let own = Frames.make(to: Frames.peer, from: Frames.own, number: 1)

  /// One errno of a send: what the client is told, and where the frame is counted.
  struct Case: Sendable, CustomTestStringConvertible {
    let failure: SendFailure
    let status: CompletionStatus
    let counter: @Sendable (TransmitCounters) -> UInt64
    var bytesNeeded = 0

    var testDescription: String { "\(failure)" }
  }

  private static let cases: [Case] = [
    // The MTU of 1,500 has become 1,000, and netlink has not said so yet.
    Case(
      failure: .tooLong, status: .frameTooLong, counter: { $0.errToolong }, bytesNeeded: 1_014),
    Case(failure: .netDown, status: .lowPower, counter: { $0.errNetdown }),
    Case(failure: .gone, status: .adapterRemoved, counter: { $0.errGone }),
    Case(failure: .other(errno: EINVAL), status: .sendFailed, counter: { $0.errOther }),
  ]

  @Test(
    "B12: what the kernel says of a frame is said of that frame, counted once, and the rest leaves",
    arguments: cases)
  func eachErrno(_ one: Case) throws {
    let frames = (0...4).map {
      Frames.make(to: Frames.peer, from: Frames.own, number: UInt32($0))
    }
    for position in frames.indices {
      let fixture = try DataPathFixture()
      let client = try DataPathFixture.Client(fixture, OpenOptions())
      fixture.miniport.currentMTU = 1_000
      fixture.miniport.script = [SendProgress(sentCount: position, failure: one.failure)]
      let id = try client.write(frames)
      var statuses = [CompletionStatus](repeating: .success, count: 5)
      statuses[position] = one.status
      #expect(client.statuses(of: id) == statuses)
      let completion = try #require(client.requester.completion(of: id))
      #expect(completion.status == one.status && completion.bytesNeeded == one.bytesNeeded)
      #expect(completion.information == 4 * 60)
      var sent = frames
      sent.remove(at: position)
      #expect(fixture.miniport.sent == sent)
      let counted = client.open.transmit
      #expect(counted.submitted == 5 && counted.sent == 4 && one.counter(counted) == 1)
    }
  }

  @Test("each open sends with its own priority, whatever others send in between")
  func priorities() throws {
    let fixture = try DataPathFixture()
    let clients = try [0, 6, 0, 15].enumerated().map { index, priority in
      try DataPathFixture.Client(
        fixture,
        OpenOptions(
          flags: .priority(UInt8(priority)), etherTypes: EtherTypeSet([0x88B5 + UInt16(index)])))
    }
    var expected: [UInt8] = []
    for round in 0..<3 {
      for (index, client) in clients.enumerated() {
        let type = [0x88, 0xB5 + UInt8(index)]
        var frame = Frames.make(to: Frames.peer, from: Frames.own, number: UInt32(round))
        frame.replaceSubrange(12..<14, with: type)
        _ = try client.write(Array(repeating: frame, count: 65))
        // The end of the turn, so that nothing is pended.
        #expect(!fixture.dataPath.sendPended())
        expected += Array(repeating: client.open.options.flags.priority, count: 65)
      }
    }
    #expect(fixture.miniport.priorities == expected)
    // A message of 65 is two batches, none of them mixed.
    #expect(fixture.miniport.sendCount == 24)
  }

  @Test("an open is refused whose priority the kernel does not allow, and others are not")
  func priorityRefused() throws {
    let fixture = try DataPathFixture()
    let cause = MiniportError.system(errno: EPERM, call: "setsockopt(SO_PRIORITY)")
    fixture.miniport.priorityError = cause
    #expect(throws: BindingError.priorityRefused(7, cause)) {
      try DataPathFixture.Client(fixture, OpenOptions(flags: .priority(7)))
    }
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let write = try client.write([Self.own])
    #expect(client.requester.completion(of: write)?.status == .success)
  }

  @Test("B12: a full interface queue is asked 10 times within a millisecond, then said per frame")
  func retryBudget() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.script = Array(
      repeating: SendProgress(sentCount: 0, failure: .noBuffers), count: 11)
    let id = try client.write([Self.own, Self.own, Self.own])
    var waited: UInt64 = 0
    while client.requester.completion(of: id) == nil {
      try #require(!fixture.executor.soonDelays.isEmpty, "nobody will try again")
      waited += fixture.executor.soonDelays.reduce(0, +)
      fixture.executor.runScheduled()
      while fixture.dataPath.sendPended() {}
    }
    // Ten tries of the first frame; the second one has no budget left; the third finds room.
    #expect(client.statuses(of: id) == [.noBuffers, .noBuffers, .success])
    #expect(fixture.miniport.sendCount == 12)
    #expect(waited <= 1_000_000)
    let counted = client.open.transmit
    #expect(counted.submitted == 3 && counted.sent == 1 && counted.errNobufs == 2)
  }

  @Test("B12: a queue that takes a frame now and then refuses none")
  func budgetIsRenewed() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let full = SendProgress(sentCount: 0, failure: .noBuffers)
    let one = SendProgress(sentCount: 1, failure: .noBuffers)
    fixture.miniport.script = (1...5).flatMap { _ in Array(repeating: full, count: 8) + [one] }
    let frames = (0..<6).map { Frames.make(to: Frames.peer, from: Frames.own, number: $0) }
    let id = try client.write(frames)
    for _ in 0..<50 where client.requester.completion(of: id) == nil {
      fixture.executor.runScheduled()
      while fixture.dataPath.sendPended() {}
    }
    #expect(client.requester.completion(of: id)?.status == .success)
    #expect(fixture.miniport.sent == frames)
  }

  @Test("D-48: an open that always finds the kernel full does not keep the others from sending")
  func fairness() throws {
    let fixture = try DataPathFixture()
    let greedy = try DataPathFixture.Client(fixture, OpenOptions())
    let modest = try DataPathFixture.Client(fixture, OpenOptions())
    let full = SendProgress(sentCount: 0, failure: .wouldBlock)
    let some = SendProgress(sentCount: 20, failure: .wouldBlock)
    fixture.miniport.script = [full]
    let flood = (0..<1_400).map { Frames.make(to: Frames.peer, from: Frames.own, number: $0) }
    let many = try greedy.write(flood)
    let one = try modest.write([Frames.make(to: Frames.peer, from: Frames.own, number: 999)])
    // Each time there is room for less than an open's turn.
    fixture.miniport.script = [some, some]
    for _ in 0..<3 {
      fixture.miniport.handler?.sendPossible()
      _ = fixture.dataPath.sendPended()
    }
    #expect(modest.requester.completion(of: one)?.status == .success)
    #expect(greedy.requester.completion(of: many) == nil)
    while fixture.dataPath.sendPended() {}
    #expect(greedy.requester.completion(of: many)?.status == .success)
    #expect(fixture.miniport.sent.count == 1_401)
  }
}

extension DataPathFixture.Client {
  /// What a batch was told of each frame.
  func statuses(of id: UInt64) -> [CompletionStatus] {
    let bytes = requester.outputs[id] ?? []
    return stride(from: 0, to: bytes.count, by: 12).map { start in
      let words = stride(from: start, to: start + 12, by: 4).map { at in
        (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
      }
      return CompletionStatus(
        NTStatus(rawValue: words[0]), NDISStatus(rawValue: words[1]), Int32(bitPattern: words[2]))
    }
  }
}
