import Platform
import Synchronization
import Testing

@testable import WDF

/// The table of the specification, written out once more by hand: what each state answers.
private let table: [ObjectState: [String]] = [
  // delete, early, parent disposes, parent destroys, worker, link
  .created: ["deletedDisposing", "disposingEarly", "disposingEarly", "fault", "fault", "created"],
  .disposingEarly: ["drop", "refuse", "drop", "fault", "fault", "refuse"],
  .disposingDisposeChildren: ["drop", "refuse", "fault", "drop", "fault", "refuse"],
  .deferredDisposing: [
    "drop", "refuse", "disposingDisposeChildren", "fault", "disposingDisposeChildren", "refuse",
  ],
  .disposed: ["deletedAndDisposed", "refuse", "drop", "deletedAndDisposed", "fault", "refuse"],
  .waitingForEarlyDispose: ["drop", "refuse", "disposingEarly", "fault", "fault", "refuse"],
  .waitingForParentDeleteAndDisposed: [
    "drop", "refuse", "drop", "deletedAndDisposed", "fault", "refuse",
  ],
  .deferredDeleting: ["drop", "refuse", "fault", "fault", "deletedDisposing", "refuse"],
  .deletedDisposing: ["drop", "refuse", "drop", "drop", "fault", "refuse"],
  .deletedAndDisposed: ["drop", "refuse", "drop", "drop", "fault", "refuse"],
  .deferredDestroy: ["drop", "refuse", "fault", "fault", "destroyed", "refuse"],
  .destroyed: ["drop", "refuse", "fault", "fault", "fault", "refuse"],
  .invalid: ["drop", "refuse", "fault", "fault", "fault", "refuse"],
]

private let events: [ObjectEvent] = [
  .delete, .earlyDispose, .parentDispose, .parentDestroy, .worker, .link,
]

private func text(_ reaction: Reaction) -> String {
  switch reaction {
  case .move(let state, _): "\(state)"
  case .drop: "drop"
  case .refuse: "refuse"
  case .fault: "fault"
  }
}

@Suite("object states")
struct ObjectStateTests {
  @Test(
    "wdf T101: every state answers every event as the table says", arguments: ObjectState.allCases)
  func cells(state: ObjectState) throws {
    let expected = try #require(table[state])
    let found = events.map { text(state.reaction(to: $0, Surroundings())) }
    #expect(found == expected)
  }

  @Test("wdf T101: under a parent that is not live a delete is left to the parent")
  func parentNotLive() {
    let around = Surroundings(parentIsLive: false)
    #expect(ObjectState.created.reaction(to: .delete, around) == .move(.waitingForEarlyDispose))
    #expect(
      ObjectState.created.reaction(to: .earlyDispose, around) == .move(.waitingForEarlyDispose))
    #expect(
      ObjectState.disposed.reaction(to: .delete, around)
        == .move(.waitingForParentDeleteAndDisposed))
  }

  @Test("wdf T101: only a passive object in a dispatch section is put off")
  func deferral() {
    let around = Surroundings(mustDefer: true)
    #expect(
      ObjectState.created.reaction(to: .delete, around) == .move(.deferredDeleting, unlinks: true))
    #expect(
      ObjectState.deletedAndDisposed.reaction(to: .lastPin, around) == .move(.deferredDestroy))
    #expect(
      ObjectState.deletedAndDisposed.reaction(to: .lastPin, Surroundings()) == .move(.destroyed))
  }

  @Test("wdf T35: a delete during an early dispose is not lost at its end")
  func deleteDuringEarlyDispose() {
    let around = Surroundings(deleteWasCalled: true, isEarly: true)
    let state = ObjectState.disposingDisposeChildren
    #expect(state.reaction(to: .finish, around) == .move(.deletedAndDisposed))
    #expect(state.reaction(to: .finish, Surroundings(isEarly: true)) == .move(.disposed))
    #expect(state.reaction(to: .finish, Surroundings(deleteWasCalled: true)) == .move(.disposed))
  }

  @Test(
    "wdf T101: what the framework may not ask is reported, and ends in quarantine",
    arguments: [ObjectEvent.parentDestroy, .worker, .begin, .finish, .lastPin])
  func faults(event: ObjectEvent) throws {
    let fixture = try Fixture()
    let object = try fixture.object("o")
    fixture.framework.tree.withLock { tree in
      if let slot = tree.slot(object.id) { tree.apply(event, slot) }
    }
    fixture.framework.reportFaults()
    #expect(fixture.reports.codes == [.state])
    #expect(code { try object.withContext(Named.self) { _ in } } == .objectDestroyed)
    #expect(fixture.log.all.isEmpty)
    fixture.discard()
  }

  @Test("an object keeps its last sixteen states, the oldest overwritten")
  func history() {
    var history = StateHistory()
    for _ in 0..<20 { history.append(.created) }
    history.append(.destroyed)
    #expect(history.all.count == 16)
    #expect(history.all.last?.state == .destroyed)
    #expect(history.all.first?.state == .created)
  }
}
