import Ndisprot
import TestSupport
import Testing

@testable import NdisprotServer

@Suite("OpeningStateMachine")
struct OpeningTableTests {
  typealias Machine = OpeningStateMachine
  typealias Reaction = (state: Machine.State, action: Machine.Action)

  /// Events that bring a machine into each state.
  private static let ways: [Machine.State: [Machine.Event]] = [
    .asked: [],
    .waitingForPower: [.grantedWithoutPower],
    .moving: [.granted],
    .made: [.granted, .opened],
    .refused: [.denied],
  ]

  /// What each state does about each event; what is missing changes nothing.
  private static func expected(_ state: Machine.State, _ event: Machine.Event) -> Reaction {
    switch (state, event) {
    case (.asked, .granted): (.moving, .move)
    case (.asked, .grantedWithoutPower): (.waitingForPower, .wait)
    case (.asked, .grantedInVain): (.refused, .refuse(.notReady))
    case (.asked, .denied): (.refused, .answer)
    case (.waitingForPower, .powerCame): (.moving, .move)
    case (.waitingForPower, .timedOut): (.refused, .refuse(.notReady))
    case (.waitingForPower, .cancelled): (.refused, .cancel)
    case (.waitingForPower, .bindingGone): (.refused, .refuse(.adapterNotFound))
    case (.moving, .opened): (.made, .answer)
    case (.moving, .failed): (.refused, .answer)
    default: (state, .none)
    }
  }

  @Test(
    "every state reacts to every event as the table says",
    arguments: Machine.State.allCases, Machine.Event.allCases)
  func table(state: Machine.State, event: Machine.Event) throws {
    var machine = Machine()
    for event in try #require(Self.ways[state]) { _ = machine.handle(event) }
    try #require(machine.state == state)
    let expected = Self.expected(state, event)
    #expect(machine.handle(event) == expected.action)
    #expect(machine.state == expected.state)
  }

  @Test(
    "an open is answered once, whatever happens in whatever order",
    arguments: 1...50 as ClosedRange<UInt64>)
  func answeredOnce(seed: UInt64) {
    var chance = SplitMix64(state: seed)
    var machine = Machine()
    var answers = 0
    for _ in 0..<200 {
      guard let event = Machine.Event.allCases.randomElement(using: &chance) else { continue }
      switch machine.handle(event) {
      case .answer, .refuse, .cancel: answers += 1
      case .none, .wait, .move: break
      }
    }
    let isOver = machine.state == .made || machine.state == .refused
    #expect(answers == (isOver ? 1 : 0))
  }
}
