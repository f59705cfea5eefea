import Testing

@testable import Ndisprot

@Suite("The life of a capture handle: all states and events")
struct CaptureStateMachineTests {
  private typealias Machine = CaptureStateMachine
  private typealias State = CaptureStateMachine.State
  private typealias Action = CaptureStateMachine.Action

  /// The states, and how to come there.
  enum Place: CaseIterable {
    case closed, asleep, opening, running, exchanging, overdue, failed
  }

  /// The events, one of a kind.
  enum Kind: CaseIterable {
    case need, unneeded, made, makeFailed, captureFailed, retryDue, powerLow, powerOn
  }

  private static let now: UInt64 = 1_000_000_000
  private static let first = now + 50_000_000
  private static let second = now + 100_000_000

  private static func machine(in place: Place) -> Machine {
    var machine = Machine(isPowered: place != .asleep)
    var events: [Machine.Event] = []
    switch place {
    case .closed: break
    case .asleep, .opening: events = [.need]
    case .running: events = [.need, .made(now: now)]
    case .exchanging: events = [.need, .made(now: now), .need]
    case .overdue: events = [.need, .made(now: now), .need, .makeFailed(now: now)]
    case .failed: events = [.need, .makeFailed(now: now)]
    }
    for event in events { _ = machine.handle(event) }
    return machine
  }

  private static func event(_ kind: Kind) -> Machine.Event {
    switch kind {
    case .need: .need
    case .unneeded: .unneeded
    case .made: .made(now: now)
    case .makeFailed: .makeFailed(now: now)
    case .captureFailed: .captureFailed(now: now)
    case .retryDue: .retryDue
    case .powerLow: .powerLow
    case .powerOn: .powerOn
    }
  }

  /// What is right: the state behind the event, and what is to be done; the state of `place` and
  /// nothing where a row is missing.
  private static func expected(_ place: Place, _ kind: Kind) -> (State, Action) {
    let same = machine(in: place).state
    switch (place, kind) {
    case (.closed, .need), (.failed, .need), (.failed, .retryDue), (.failed, .powerOn),
      (.asleep, .powerOn):
      return (.opening, .make)
    case (.asleep, .need): return (.asleep, .cancelRetry)
    case (.running, .need), (.overdue, .need), (.overdue, .retryDue), (.overdue, .powerOn):
      return (.exchanging, .make)
    case (.closed, .unneeded): return (.closed, .none)
    case (_, .unneeded): return (.closed, .close)
    case (.opening, .made), (.exchanging, .made): return (.running, .none)
    case (.opening, .makeFailed), (.running, .captureFailed):
      return (.failed(until: first), .closeAndRetry(after: 50_000_000))
    case (.exchanging, .makeFailed): return (.overdue(until: first), .retry(after: 50_000_000))
    case (.exchanging, .captureFailed): return (.opening, .none)
    case (.overdue, .captureFailed):
      return (.failed(until: second), .closeAndRetry(after: 100_000_000))
    case (.failed, .powerLow): return (.asleep, .cancelRetry)
    case (.overdue, .powerLow): return (.overdue(until: nil), .cancelRetry)
    default: return (same, .none)
    }
  }

  @Test(
    "every event in every state leads where the table says, and has the action of the table",
    arguments: Place.allCases, Kind.allCases)
  func table(_ place: Place, _ kind: Kind) {
    var machine = Self.machine(in: place)
    let (state, action) = Self.expected(place, kind)
    #expect(machine.handle(Self.event(kind)) == action)
    #expect(machine.state == state)
  }

  @Test(
    "what fails while the interface is down is tried again when it is up, and no earlier",
    arguments: [Place.opening, .running, .overdue])
  func failsWithoutPower(_ place: Place) {
    var machine = Self.machine(in: place)
    _ = machine.handle(.powerLow)
    let event: Machine.Event =
      place == .opening ? .makeFailed(now: Self.now) : .captureFailed(now: Self.now)
    #expect(machine.handle(event) == .close)
    #expect(machine.state == .asleep)
    #expect(machine.handle(.retryDue) == .none)
    #expect(machine.handle(.powerOn) == .make)
  }

  @Test(
    "a need that comes while a handle is made has another made behind it",
    arguments: [Place.opening, .exchanging])
  func outdated(_ place: Place) {
    var machine = Self.machine(in: place)
    #expect(machine.handle(.need) == .none)
    #expect(machine.handle(.made(now: Self.now)) == .make)
    #expect(machine.state == .exchanging)
    #expect(machine.handle(.made(now: Self.now)) == .none)
    #expect(machine.state == .running)
  }

  @Test("retries back off from 50 ms to 5 s, and begin anew behind a handle that was good")
  func backOff() {
    var machine = Self.machine(in: .opening)
    var now = Self.now
    var delays: [UInt64] = []
    for _ in 0..<10 {
      guard case .closeAndRetry(let delay) = machine.handle(.makeFailed(now: now)) else {
        Issue.record("no retry")
        return
      }
      #expect(machine.state == .failed(until: now + delay))
      delays.append(delay / 1_000_000)
      now += delay
      #expect(machine.handle(.retryDue) == .make)
    }
    #expect(delays == [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
    _ = machine.handle(.made(now: now))
    // One that fails at once is no good handle.
    #expect(machine.handle(.captureFailed(now: now + 1)) == .closeAndRetry(after: 5_000_000_000))
    _ = machine.handle(.retryDue)
    _ = machine.handle(.made(now: now))
    now += 5_000_000_000
    #expect(machine.handle(.captureFailed(now: now)) == .closeAndRetry(after: 50_000_000))
  }
}
