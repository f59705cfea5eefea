import Testing

@testable import NDIS

/// Every event in every state, as `Ndisprot.docc/Rules.md` section 2.9 has them.
@Suite("BindingStateMachine")
struct BindingStateMachineTests {
  typealias Machine = BindingStateMachine

  /// What one event does in one state.
  struct Row: Sendable, CustomTestStringConvertible {
    let state: BindingState
    let event: Machine.Event
    let next: BindingState
    let action: Machine.Action

    var testDescription: String { "\(event) when \(state)" }
  }

  /// A cell of the table: the next state, and what the holder has to do.
  private typealias Cell = (next: BindingState, action: Machine.Action)

  /// A line an event, a column a state.
  ///
  /// The columns: unbound, opening, paused, restarting, running, pausing, closing. Nil keeps the
  /// state and is a defect of the caller.
  private static let table: [(event: Machine.Event, cells: [Cell?])] = [
    (
      .bind,
      [
        (.opening, .open), (.opening, .refuseAlreadyBound), (.paused, .refuseAlreadyBound),
        (.restarting, .refuseAlreadyBound), (.running, .refuseAlreadyBound),
        (.pausing, .refuseAlreadyBound), (.closing, .refuseAlreadyBound),
      ]
    ),
    (.openSucceeded, [nil, (.paused, .none), nil, nil, nil, nil, nil]),
    (.openFailed, [nil, (.unbound, .unlink), nil, nil, nil, nil, nil]),
    (
      .restart,
      [nil, nil, (.restarting, .restart), nil, (.running, .none), nil, (.closing, .none)]
    ),
    (.restartSucceeded, [nil, nil, nil, (.running, .none), nil, nil, (.closing, .none)]),
    (.restartFailed, [nil, nil, nil, (.paused, .none), nil, nil, (.closing, .none)]),
    (
      .pause,
      [
        nil, nil, (.paused, .none), nil, (.pausing, .drainSends), (.pausing, .none),
        (.closing, .none),
      ]
    ),
    (
      .drained,
      [
        nil, nil, (.paused, .none), (.restarting, .none), (.running, .none),
        (.paused, .flushReceived), (.closing, .none),
      ]
    ),
    (
      .unbind,
      [
        (.unbound, .none), (.closing, .close), (.closing, .close), (.closing, .close),
        (.closing, .close), (.closing, .close), (.closing, .none),
      ]
    ),
    (.closed, [nil, nil, nil, nil, nil, nil, (.unbound, .unlink)]),
    (
      .powerLow,
      [
        nil, (.opening, .none), (.paused, .flushReceived), (.restarting, .flushReceived),
        (.running, .flushReceived), (.pausing, .flushReceived), (.closing, .none),
      ]
    ),
    (
      .powerOn,
      [
        nil, (.opening, .none), (.paused, .wakePowerWaiters), (.restarting, .wakePowerWaiters),
        (.running, .wakePowerWaiters), (.pausing, .wakePowerWaiters), (.closing, .none),
      ]
    ),
  ]

  private static let rows: [Row] = table.flatMap { line in
    zip(BindingState.allCases, line.cells).map { state, cell in
      Row(
        state: state, event: line.event, next: cell?.next ?? state,
        action: cell?.action ?? .illegal)
    }
  }

  @Test("every event in every state leads where section 2.9 says", arguments: rows)
  func transition(_ row: Row) {
    var machine = Self.machine(in: row.state)
    #expect(machine.handle(row.event) == row.action)
    #expect(machine.state == row.next)
  }

  @Test("the table has all events, each in all states")
  func tableIsWhole() {
    #expect(Self.rows.count == Machine.Event.allCases.count * BindingState.allCases.count)
    #expect(Set(Self.table.map(\.event)) == Set(Machine.Event.allCases))
  }

  @Test("frames move only while the binding runs and has power", arguments: BindingState.allCases)
  func movesFrames(_ state: BindingState) {
    var machine = Self.machine(in: state)
    #expect(!machine.movesFrames)
    _ = machine.handle(.powerOn)
    #expect(machine.movesFrames == (state == .running))
    _ = machine.handle(.powerLow)
    #expect(!machine.movesFrames)
  }

  @Test("requests are accepted from bound to unbind", arguments: BindingState.allCases)
  func isActive(_ state: BindingState) {
    let active: Set<BindingState> = [.paused, .restarting, .running, .pausing]
    #expect(Self.machine(in: state).isActive == active.contains(state))
  }

  @Test("power is remembered over pause and restart")
  func powerIsOrthogonal() {
    var machine = Self.machine(in: .opening)
    _ = machine.handle(.powerOn)
    for event in [Machine.Event.openSucceeded, .restart, .restartSucceeded] {
      _ = machine.handle(event)
    }
    #expect(machine.movesFrames)
    for event in [Machine.Event.pause, .drained, .restart, .restartSucceeded] {
      _ = machine.handle(event)
    }
    #expect(machine.movesFrames)
  }

  /// A machine that was led to a state by the shortest way.
  private static func machine(in state: BindingState) -> Machine {
    let ways: [BindingState: [Machine.Event]] = [
      .unbound: [],
      .opening: [.bind],
      .paused: [.bind, .openSucceeded],
      .restarting: [.bind, .openSucceeded, .restart],
      .running: [.bind, .openSucceeded, .restart, .restartSucceeded],
      .pausing: [.bind, .openSucceeded, .restart, .restartSucceeded, .pause],
      .closing: [.bind, .openSucceeded, .unbind],
    ]
    var machine = Machine()
    for event in ways[state] ?? [] { _ = machine.handle(event) }
    return machine
  }
}
