import NDIS
import TestSupport
import Testing
import WDF

@testable import Ndisprot

/// A driver with one binding, and its data path where the server would run it.
private final class PausingDriver: BindingObserver {
  let fixture: DataPathFixture
  let driver: NdisprotDriver
  let binding: AdapterBinding
  let dataPath: BindingDataPath
  let miniport = ScriptedMiniport()
  /// States that clients were told of.
  private(set) var told: [BindingState] = []
  private(set) var cancelledWrites = 0
  private var nextID: UInt64 = 1_000

  init() throws {
    fixture = try DataPathFixture()
    (driver, binding, dataPath) = try fixture.makeDrivenBinding(on: miniport)
    driver.observer = self
  }

  func bindingAdded(_ binding: AdapterBinding) {}
  func bindingChanged(
    _ binding: AdapterBinding, _ changes: [EventKind], _ action: BindingStateMachine.Action
  ) { dataPath.attributesChanged(action) }
  func rulesMayDiffer(for binding: AdapterBinding) {}
  func bindingPauses(_ binding: AdapterBinding) {
    let driver = self.driver
    dataPath.drain { driver.drained(binding, cancelledWrites: $0) }
  }
  func bindingStateChanged(
    _ binding: AdapterBinding, _ action: BindingStateMachine.Action, cancelledWrites: Int
  ) {
    told.append(binding.snapshot.state)
    self.cancelledWrites = cancelledWrites
    dataPath.attributesChanged(action)
  }
  func bindingRemoved(_ binding: AdapterBinding) { dataPath.unbind() }
  func interfacesMayBeReplaced() {}
  func bindsComplete() {}
  func bindRefused(_ attributes: AdapterAttributes, _ error: BindError) {}

  /// An administrator's request; its id.
  func ask(
    _ client: DataPathFixture.Client, _ body: (AdapterBinding, RequestBox) -> Void
  ) throws -> UInt64 {
    nextID += 1
    let request = try client.file.makeRequest(
      RequestParameters(type: .other, code: 13, id: nextID, outputByteCount: 0, count: 0),
      sink: client.requester)
    body(binding, RequestBox(request))
    return nextID
  }
}

@Suite("Pause and restart of a driver's binding")
struct DriverPauseTests {
  private let own = Frames.make(to: Frames.peer, from: Frames.own, number: 1)

  @Test("A-55: a pause waits for the writes that were taken before, and refuses later ones")
  func pausing() throws {
    let lab = try PausingDriver()
    let client = try DataPathFixture.Client(lab.fixture, OpenOptions(), on: lab.dataPath)
    lab.miniport.script = [SendProgress(sentCount: 1, failure: .wouldBlock)]
    let write = try client.write([own, own, own])
    lab.miniport.deliver([Frames.make(number: 7)])
    let pause = try lab.ask(client, lab.driver.pause)
    let again = try lab.ask(client, lab.driver.pause)
    #expect(lab.binding.snapshot.state == .pausing)
    #expect(client.requester.completion(of: pause) == nil)
    let late = try client.write([own])
    lab.miniport.deliver([Frames.make(number: 8)])
    let restart = try lab.ask(client, lab.driver.restart)
    #expect(client.requester.completion(of: restart)?.status == .busy)

    lab.miniport.handler?.sendPossible()
    while lab.dataPath.sendPended() {}
    #expect(client.requester.completion(of: write)?.status == .success)
    #expect(client.requester.completion(of: late)?.status == .paused)
    #expect(lab.miniport.sent == [own, own, own])
    for id in [pause, again] {
      #expect(client.requester.completion(of: id)?.status == .success)
    }
    #expect(lab.binding.snapshot.state == .paused && lab.told == [.paused])
    let open = try lab.dataPath.openCounters()
    #expect(open(.rxDropFlushed) == 1 && open(.rxDropState) == 1 && open(.rxQueued) == 0)

    let restarted = try lab.ask(client, lab.driver.restart)
    #expect(client.requester.completion(of: restarted)?.status == .success)
    #expect(lab.told == [.paused, .running])
    #expect(try client.requester.completion(of: client.write([own]))?.status == .success)
  }

  @Test("D-39: what is not through when the time of a pause is over is cancelled, and it is paused")
  func deadline() throws {
    let lab = try PausingDriver()
    let client = try DataPathFixture.Client(lab.fixture, OpenOptions(), on: lab.dataPath)
    lab.miniport.script = [SendProgress(sentCount: 1, failure: .wouldBlock)]
    let writes = [try client.write([own, own]), try client.write([own])]
    let pause = try lab.ask(client, lab.driver.pause)
    #expect(lab.fixture.executor.soonDelays == [10_000_000_000])
    lab.fixture.executor.runScheduled()
    for write in writes {
      #expect(client.requester.completion(of: write)?.status == .sendCancelled)
    }
    #expect(client.requester.completion(of: pause)?.status == .success)
    #expect(lab.cancelledWrites == 2 && lab.binding.snapshot.state == .paused)
    let open = try lab.dataPath.openCounters()
    #expect(open(.txSubmitted) == 3 && open(.txSent) == 1 && open(.txCancelled) == 2)
  }

  @Test("an interface that goes while its binding pauses ends the pause, and the writes")
  func unboundMeanwhile() throws {
    let lab = try PausingDriver()
    let client = try DataPathFixture.Client(lab.fixture, OpenOptions(), on: lab.dataPath)
    lab.miniport.script = [SendProgress(sentCount: 0, failure: .wouldBlock)]
    let write = try client.write([own])
    let pause = try lab.ask(client, lab.driver.pause)
    lab.driver.unbindAdapter(interfaceIndex: 7)
    #expect(client.requester.completion(of: write)?.status == .adapterRemoved)
    #expect(client.requester.completion(of: pause)?.status == .adapterRemoved)
    #expect(lab.told.isEmpty && lab.binding.snapshot.state == .unbound)
    let late = try lab.ask(client, lab.driver.pause)
    #expect(client.requester.completion(of: late)?.status == .adapterNotFound)
    // The time of the pause comes, and means nothing any more.
    lab.fixture.executor.runScheduled()
    #expect(lab.binding.snapshot.state == .unbound)
  }

  @Test("the open whose writes hold a pause up is closed: the pause is through")
  func closedMeanwhile() throws {
    let lab = try PausingDriver()
    let client = try DataPathFixture.Client(lab.fixture, OpenOptions(), on: lab.dataPath)
    let other = try DataPathFixture.Client(lab.fixture, OpenOptions(), on: lab.dataPath)
    lab.miniport.script = [SendProgress(sentCount: 0, failure: .wouldBlock)]
    _ = try client.write([own])
    let pause = try lab.ask(other, lab.driver.pause)
    #expect(other.requester.completion(of: pause) == nil)
    client.open.close()
    #expect(other.requester.completion(of: pause)?.status == .success)
  }

  @Test("A-56: restart reaches Running with the attributes of before, and with new ones")
  func restart() throws {
    let lab = try PausingDriver()
    let client = try DataPathFixture.Client(lab.fixture, OpenOptions(), on: lab.dataPath)
    for mtu: UInt32 in [1_500, 9_000, 600] {
      _ = try lab.ask(client, lab.driver.pause)
      var attributes = lab.binding.snapshot.attributes
      attributes.mtu = mtu
      lab.driver.adapterChanged(attributes)
      #expect(lab.binding.snapshot.state == .paused)
      _ = try lab.ask(client, lab.driver.restart)
      #expect(lab.binding.snapshot.state == .running)
      let long = Frames.make(
        to: Frames.peer, from: Frames.own, number: 1, byteCount: Int(mtu) + 14)
      #expect(try client.requester.completion(of: client.write([long]))?.status == .success)
    }
  }

  @Test("fault 6, D-38: a larger MTU is a new handle and no pause; writes and frames come through")
  func largerMTU() throws {
    let lab = try PausingDriver()
    let client = try DataPathFixture.Client(lab.fixture, OpenOptions(), on: lab.dataPath)
    lab.miniport.deliver([Frames.make(number: 1)])
    lab.miniport.script = [SendProgress(sentCount: 1, failure: .wouldBlock)]
    let write = try client.write([own, own])
    var states: [BindingState] = []
    lab.miniport.during = { [binding = lab.binding] _ in states.append(binding.snapshot.state) }
    var attributes = lab.binding.snapshot.attributes
    attributes.mtu = 9_000
    lab.driver.adapterChanged(attributes)
    #expect(!states.isEmpty && states.allSatisfy { $0 == .running } && lab.told.isEmpty)
    #expect(lab.miniport.configuration?.mtu == 9_000)
    lab.miniport.handler?.sendPossible()
    while lab.dataPath.sendPended() {}
    #expect(client.requester.completion(of: write)?.status == .success)
    #expect(try client.frames(client.read()) == [Frames.make(number: 1)])
    lab.miniport.deliver([Frames.make(number: 2)])
    #expect(try client.frames(client.read()) == [Frames.make(number: 2)])
  }

  @Test("D-42, C-4: interfaces may be told before anybody listens, and none is bound after the end")
  func early() throws {
    let fixture = try DataPathFixture()
    let driver = NdisprotDriver(
      wanted: [InterfaceMatch(name: .exactly("np0")), InterfaceMatch(name: .exactly("np1"))],
      framework: fixture.driver)
    driver.bindAdapter(fixture.attributes)
    #expect(driver.bindings.binding(named: "np0")?.snapshot.state == .running)
    driver.deregister()
    var other = fixture.attributes
    (other.interfaceIndex, other.name) = (8, "np1")
    driver.bindAdapter(other)
    #expect(driver.bindings.snapshot.bindings.isEmpty)
  }
}
