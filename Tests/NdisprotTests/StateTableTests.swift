import NDIS
import TestSupport
import Testing
import WDF

@testable import Ndisprot

/// The rows of requests and of the wire in section 2.9: each in every state of the binding.
///
/// The columns of every table: unbound, opening, paused, restarting, running, pausing, closing. The
/// open was made while the binding ran; for the first two and the last it is one that outlives it.
@Suite("Requests and frames in every state (section 2.9)")
struct StateTableTests {
  private static let own = Frames.make(to: Frames.peer, from: Frames.own, number: 1)

  /// What a row says of one state.
  struct Cell<Expected: Sendable>: Sendable, CustomTestStringConvertible {
    let state: BindingState
    let expected: Expected
    var testDescription: String { "\(state): \(expected)" }
  }

  private static func row<Expected: Sendable>(_ expected: Expected...) -> [Cell<Expected>] {
    zip(BindingState.allCases, expected).map { Cell(state: $0, expected: $1) }
  }

  /// A binding with an open, led from Running to a state.
  private func lead(
    to state: BindingState, isPowered: Bool = true,
    before: (DataPathFixture, DataPathFixture.Client) throws -> Void = { _, _ in }
  ) throws -> (DataPathFixture, DataPathFixture.Client) {
    let ways: [BindingState: [BindingStateMachine.Event]] = [
      .unbound: [.unbind, .closed],
      .opening: [.unbind, .closed, .bind],
      .paused: [.pause, .drained],
      .restarting: [.pause, .drained, .restart],
      .running: [],
      .pausing: [.pause],
      .closing: [.unbind],
    ]
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    try before(fixture, client)
    for event in ways[state] ?? [] {
      fixture.dataPath.attributesChanged(fixture.binding.handle(event))
    }
    if !isPowered { fixture.change { $0.isUp = false } }
    try #require(fixture.binding.snapshot.state == state)
    return (fixture, client)
  }

  private static let gone = CompletionStatus.bindingGone
  private static let removed = CompletionStatus.adapterRemoved

  // MARK: Requests

  @Test(
    "OPEN_DEVICE finds a binding from bound to unbind, then is busy if another has it alone",
    arguments: row(false, false, true, true, true, true, false))
  func open(_ cell: Cell<Bool>) throws {
    let (fixture, client) = try lead(to: cell.state)
    let alone = OpenOptions(mode: .exclusive)
    let isOpened = (try? DataPathFixture.Client(fixture, OpenOptions())) != nil
    #expect(isOpened == cell.expected)
    #expect(throws: cell.expected ? BindingError.busy : .adapterNotFound) {
      try DataPathFixture.Client(fixture, alone)
    }
    // By its name it is found, and listed by QUERY_BINDING, in the same states.
    let list = BindingList()
    list.append(fixture.binding)
    #expect((list.binding(named: "np0") != nil) == cell.expected)
    #expect(fixture.binding.snapshot.isActive == cell.expected)
    withExtendedLifetime(client) {}
  }

  @Test(
    "cleanup ends every request once, leaves nothing queued and no claim",
    arguments: row(0, 0, 0, 0, 0, 0, 0))
  func cleanup(_ cell: Cell<Int>) throws {
    var ids: [UInt64] = []
    let (fixture, client) = try lead(to: cell.state) { fixture, client in
      fixture.miniport.script = [SendProgress(sentCount: 0, failure: .wouldBlock)]
      ids = [try client.read(), try client.read(), try client.write([Self.own])]
    }
    client.open.close()
    client.open.close()
    #expect(client.requester.completions.map(\.id).sorted() == ids)
    for id in ids {
      let status = client.requester.completion(of: id)?.status
      #expect(status == .cancelled || status == .sendCancelled)
    }
    #expect(fixture.binding.snapshot.openCount == cell.expected)
    #expect(fixture.miniport.sent.isEmpty)
    #expect(client.open.transmit.cancelled == 1)
  }

  @Test(
    "READ is pended from bound to unbind, else the handle is invalid",
    arguments: row(gone, gone, nil, nil, nil, nil, gone))
  func read(_ cell: Cell<CompletionStatus?>) throws {
    for isPowered in [true, false] {
      let (_, client) = try lead(to: cell.state, isPowered: isPowered)
      let id = try client.read()
      #expect(client.requester.completion(of: id)?.status == cell.expected)
    }
  }

  @Test("READ of a frame that is queued completes at once while the binding runs")
  func readQueued() throws {
    let (_, client) = try lead(to: .running) { fixture, _ in
      fixture.miniport.deliver([Frames.make(number: 1)])
    }
    #expect(try client.frames(client.read()) == [Frames.make(number: 1)])
  }

  @Test(
    "WRITE is sent while the binding runs with power, else refused in the state's own words",
    arguments: row(gone, gone, .paused, .paused, .success, .paused, gone))
  func write(_ cell: Cell<CompletionStatus>) throws {
    for isPowered in [true, false] {
      let (fixture, client) = try lead(to: cell.state, isPowered: isPowered)
      let id = try client.write([Self.own])
      let isLow = cell.expected == .success && !isPowered
      #expect(client.requester.completion(of: id)?.status == (isLow ? .lowPower : cell.expected))
      #expect(fixture.miniport.sent.count == (cell.expected == .success && isPowered ? 1 : 0))
    }
  }

  @Test(
    "QUERY and SET of an OID are carried out from bound to unbind, with and without power",
    arguments: row(false, false, true, true, true, true, false))
  func oid(_ cell: Cell<Bool>) throws {
    for isPowered in [true, false] {
      let (_, client) = try lead(to: cell.state, isPowered: isPowered)
      let query = try client.query(.currentAddress, room: 6)
      let set = try client.set(.currentPacketFilter, [1, 0, 0, 0])
      let expected = cell.expected ? CompletionStatus.success : .notBound
      #expect(client.requester.completion(of: query)?.status == expected)
      #expect(client.requester.completion(of: set)?.status == expected)
      #expect(client.open.filter.packetFilter == (cell.expected ? .directed : .atOpen))
    }
  }

  // MARK: The wire

  @Test(
    "a received frame is queued while the binding runs with power, else dropped and counted",
    arguments: row(false, false, false, false, true, false, false))
  func receive(_ cell: Cell<Bool>) throws {
    for isPowered in [true, false] {
      let (fixture, client) = try lead(to: cell.state, isPowered: isPowered)
      fixture.miniport.deliver([Frames.make(number: 1)])
      let open = try fixture.openCounters()
      let isQueued = cell.expected && isPowered
      #expect(open(.rxOffered) == 1 && open(.rxDropState) == (isQueued ? 0 : 1))
      #expect(open(.rxQueued) == (isQueued ? 1 : 0))
      withExtendedLifetime(client) {}
    }
  }

  @Test(
    "A-57: a write that was taken while the binding ran completes once, whatever came then",
    arguments: row(removed, removed, .paused, .paused, .success, .success, removed))
  func sendCompletion(_ cell: Cell<CompletionStatus>) throws {
    var id: UInt64 = 0
    let (fixture, client) = try lead(to: cell.state) { fixture, client in
      fixture.miniport.script = [SendProgress(sentCount: 0, failure: .wouldBlock)]
      id = try client.write([Self.own])
    }
    #expect(client.requester.completion(of: id) == nil)
    fixture.miniport.handler?.sendPossible()
    while fixture.dataPath.sendPended() {}
    #expect(client.requester.completion(of: id)?.status == cell.expected)
    #expect(fixture.miniport.sent.count == (cell.expected == .success ? 1 : 0))
    #expect(client.open.writes.isEmpty && client.open.pendedWriteBytes == 0)
  }

  @Test("what the adapter says is recorded in every state", arguments: BindingState.allCases)
  func statusIndication(_ state: BindingState) throws {
    for isPowered in [true, false] {
      let (fixture, client) = try lead(to: state, isPowered: isPowered)
      fixture.change { $0.link = .disconnected }
      #expect(fixture.binding.snapshot.attributes.link == .disconnected)
      #expect(fixture.binding.snapshot.carrierChangeCount == 1)
      #expect(fixture.binding.snapshot.state == state)
      withExtendedLifetime(client) {}
    }
  }
}
