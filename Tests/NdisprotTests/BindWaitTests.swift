import NDIS
import Testing
import WDF

@testable import Ndisprot

@Suite("BindWait")
struct BindWaitTests {
  private let fixture: DataPathFixture
  private let file: Ref<FileObject>
  private let requester = RecordingRequester()
  private let wait = BindWait()

  init() throws {
    fixture = try DataPathFixture()
    file = try fixture.device.makeFileObject("client", Context(make: { _ in 0 }))
  }

  private func add(
    _ names: [InterfaceName], id: UInt64, isBound: (InterfaceName) -> Bool = { _ in false }
  ) throws {
    let request = try file.makeRequest(
      RequestParameters(
        type: .deviceControl, code: 0, id: id, outputByteCount: 0, count: 0), sink: requester)
    wait.add(
      request, names: names, timeoutNanoseconds: 5_000_000_000, executor: fixture.executor,
      isBound: isBound)
  }

  @Test("A-2: while the first dump is held back BIND_WAIT waits, and ends with its time")
  func timesOut() throws {
    try add([], id: 1)
    #expect(requester.completions.isEmpty)
    #expect(fixture.executor.delays == [5_000_000_000])
    fixture.executor.runScheduled()
    #expect(requester.completion(of: 1)?.status == .timedOut)
    // It is not answered again when the dump is through.
    wait.bindsComplete { _ in false }
    #expect(requester.completions.count == 1)
  }

  @Test("A-2: a cancel ends it before its time, and the time then means nothing")
  func cancelled() throws {
    try add([], id: 1)
    #expect(!wait.cancel(2, of: file.id))
    #expect(wait.cancel(1, of: file.id))
    #expect(requester.completion(of: 1)?.status == .cancelled)
    fixture.executor.runScheduled()
    #expect(requester.completions.count == 1)
    #expect(!wait.cancel(1, of: file.id))
  }

  @Test("threat T6: however a wait ends, its charge is given back and its timer is gone")
  func nothingLeft() throws {
    let budget = Budget("waits", Budget.Limits(session: 64))
    func addCharged(_ id: UInt64) throws {
      let request = try file.makeRequest(
        RequestParameters(
          type: .deviceControl, code: 0, id: id, outputByteCount: 0, count: 0), sink: requester)
      let charge = budget.chargeAnyway(
        to: Budget.Holder(userID: 1, session: file.id.rawValue))
      wait.add(
        request, names: ["np0"], timeoutNanoseconds: .max, executor: fixture.executor,
        charge: charge, isBound: { _ in false })
    }
    for id in 1...4 as ClosedRange<UInt64> { try addCharged(id) }
    // A day at most, however long is asked for.
    #expect(fixture.executor.delays.allSatisfy { $0 == 86_400_000_000_000 })
    #expect(budget.use.used == 4)
    #expect(wait.cancel(1, of: file.id))
    wait.bindingsChanged { _ in false }
    #expect(budget.use.used == 3 && wait.count == 3)
    wait.cancelAll(of: file.id)
    #expect(budget.use.used == 0 && wait.count == 0)
    try addCharged(5)
    wait.bindingsChanged { $0 == "np0" }
    #expect(budget.use.used == 0 && requester.completion(of: 5)?.status == .success)
    try addCharged(6)
    fixture.executor.runScheduled()
    #expect(budget.use.used == 0 && requester.completion(of: 6)?.status == .timedOut)
  }

  @Test("Q-6: the end of the first dump completes every wait without names; later ones end at once")
  func complete() throws {
    try add([], id: 1)
    try add(["np0"], id: 2)
    wait.bindsComplete { _ in false }
    #expect(requester.completion(of: 1)?.status == .success)
    #expect(requester.completion(of: 2) == nil)
    try add([], id: 3)
    #expect(requester.completion(of: 3)?.status == .success)
    wait.bindingsChanged { $0 == "np0" }
    #expect(requester.completion(of: 2)?.status == .success)
  }

  @Test("D-33: a wait for names needs all of them")
  func allNames() throws {
    try add(["np0", "np2"], id: 1) { $0 == "np0" }
    wait.bindingsChanged { $0 == "np0" }
    #expect(requester.completions.isEmpty)
    wait.bindingsChanged { ["np0", "np2"].contains($0) }
    #expect(requester.completion(of: 1)?.status == .success)
  }
}
