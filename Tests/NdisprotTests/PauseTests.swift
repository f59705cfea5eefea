import NDIS
import TestSupport
import Testing
import WDF

@testable import Ndisprot

@Suite("Pause, restart and unbind")
struct PauseTests {
  private let own = Frames.make(to: Frames.peer, from: Frames.own, number: 1)

  @Test("A-58: 10,000 frames while pause and restart toggle, then unbind: nothing is left")
  func toggling() throws {
    weak var leftPath: BindingDataPath?
    weak var leftOpen: OpenContext?
    weak var leftBinding: AdapterBinding?
    do {
      let fixture = try DataPathFixture()
      let client = try DataPathFixture.Client(fixture, OpenOptions())
      (leftPath, leftOpen, leftBinding) = (fixture.dataPath, client.open, fixture.binding)
      for number in 1...10_000 {
        if number.isMultiple(of: 25) { fixture.toggle() }
        if number.isMultiple(of: 40) { _ = try client.read() }
        fixture.miniport.deliver([
          Frames.make(to: Frames.own, from: Frames.peer, number: UInt32(number))
        ])
      }
      let open = try fixture.openCounters()
      #expect(open(.rxOffered) == 10_000)
      #expect(open(.rxDropState) > 0 && open(.rxDropFlushed) > 0 && open(.rxDelivered) > 0)
      #expect(
        open(.rxOffered) == open(.rxMatched) + open(.rxOverrun) + open(.rxDropState))
      #expect(open(.rxMatched) == open(.rxDelivered) + open(.rxDropFlushed) + open(.rxQueued))
      _ = fixture.binding.handle(.unbind)
      fixture.dataPath.unbind()
      client.open.close()
      _ = try fixture.binding.object.delete()
    }
    #expect(leftPath == nil && leftOpen == nil && leftBinding == nil)
  }

  @Test("A-61: a write that the kernel has no room for ends with the unbind, and is never sent")
  func stalledAtUnbind() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.script = [SendProgress(sentCount: 1, failure: .wouldBlock)]
    let write = try client.write([own, own, own])
    #expect(client.requester.completion(of: write) == nil)
    _ = fixture.binding.handle(.unbind)
    fixture.dataPath.unbind()
    #expect(client.requester.completion(of: write)?.status == .adapterRemoved)
    #expect(client.requester.completion(of: write)?.information == 60)
    fixture.miniport.handler?.sendPossible()
    while fixture.dataPath.sendPended() {}
    #expect(fixture.miniport.sent == [own])
  }
}

extension DataPathFixture {
  /// Pauses a binding that runs, restarts one that is paused.
  func toggle() {
    let events: [BindingStateMachine.Event] =
      binding.snapshot.state == .running ? [.pause, .drained] : [.restart, .restartSucceeded]
    for event in events { dataPath.attributesChanged(binding.handle(event)) }
  }

  /// What the only open has counted.
  func openCounters() throws -> (Counter) -> UInt64 { try dataPath.openCounters() }
}

extension BindingDataPath {
  /// What the only open has counted.
  func openCounters() throws -> (Counter) -> UInt64 {
    let set = try #require(counters().first { $0.kind == .open })
    let values = Dictionary(uniqueKeysWithValues: set.values)
    return { values[$0, default: 0] }
  }
}
