import NDIS
import TestSupport
import Testing
import WDF

@testable import Ndisprot

/// Writes down what a driver says of its bindings.
private final class Recorder: BindingObserver {
  var refused: [InterfaceName] = []
  var judged = 0

  func rulesMayDiffer(for binding: AdapterBinding) { judged += 1 }
  func bindingAdded(_ binding: AdapterBinding) {}
  func bindingChanged(
    _ binding: AdapterBinding, _ changes: [EventKind], _ action: BindingStateMachine.Action
  ) {}
  func bindingPauses(_ binding: AdapterBinding) {}
  func bindingStateChanged(
    _ binding: AdapterBinding, _ action: BindingStateMachine.Action, cancelledWrites: Int
  ) {}
  func bindingRemoved(_ binding: AdapterBinding) {}
  func bindsComplete() {}
  func interfacesMayBeReplaced() {}
  func bindRefused(_ attributes: AdapterAttributes, _ error: BindError) {
    if error == .unusableName { refused.append(attributes.name) }
  }
}

@Suite("An interface answers to its alternative names")
struct AlternativeNameTests {
  private let fixture: DataPathFixture
  private let recorder = Recorder()

  init() throws { fixture = try DataPathFixture() }

  private func driver(_ wanted: InterfaceMatch.Name...) -> NdisprotDriver {
    let driver = NdisprotDriver(
      wanted: wanted.map { InterfaceMatch(name: $0) }, framework: fixture.driver)
    driver.observer = recorder
    return driver
  }

  private func link(
    _ name: InterfaceName, _ others: InterfaceName..., index: Int32 = 7
  ) -> AdapterAttributes {
    var attributes = fixture.attributes
    attributes.interfaceIndex = index
    attributes.name = name
    attributes.alternativeNames = others
    return attributes
  }

  @Test("it is wanted, found and judged by each of its names")
  func eachName() {
    let driver = driver(.exactly("enxcafe"), .like("long*"))
    driver.bindAdapter(link("np0", "enxcafe"))
    driver.bindAdapter(link("np1", "long-name", index: 8))
    driver.bindAdapter(link("np2", "other", index: 9))
    #expect(driver.bindings.snapshot.bindings.count == 2)
    #expect(driver.bindings.binding(named: "enxcafe")?.interfaceIndex == 7)
    #expect(driver.bindings.binding(named: "np1")?.interfaceIndex == 8)
    #expect(driver.bindings.binding(named: "other") == nil)
    #expect(driver.bindings.name(ofInterface: 9) == "np2")
    driver.unbindAdapter(interfaceIndex: 9)
    #expect(driver.bindings.name(ofInterface: 9) == nil)
  }

  @Test(
    "a wanted alternative name that comes later binds; what rules may say differs with each change")
  func later() {
    let driver = driver(.exactly("enxcafe"))
    driver.bindAdapter(link("np0"))
    #expect(driver.bindings.snapshot.bindings.isEmpty)
    driver.adapterChanged(link("np0", "enxcafe"))
    #expect(driver.bindings.binding(named: "enxcafe") != nil)
    #expect(recorder.judged == 0)
    driver.adapterChanged(link("np0", "enxcafe", "more"))
    #expect(recorder.judged == 1)
    driver.adapterChanged(link("np0", "enxcafe", "more"))
    #expect(recorder.judged == 1)
    driver.adapterChanged(link("np0"))
    #expect(recorder.judged == 2)
    #expect(driver.bindings.binding(named: "enxcafe") == nil)
  }

  @Test("a name is the interface's that is called so, although another is still remembered by it")
  func collision() {
    let driver = driver(.like("*"))
    driver.bindAdapter(link("np0", "eth0"))
    driver.bindAdapter(link("eth0", index: 8))
    #expect(driver.bindings.binding(named: "eth0")?.interfaceIndex == 8)
    driver.adapterChanged(link("np0"))
    #expect(driver.bindings.binding(named: "eth0")?.interfaceIndex == 8)
    // The former name of one is an alternative name of another.
    driver.adapterChanged(link("eth1", index: 8))
    driver.adapterChanged(link("np0", "eth0"))
    #expect(driver.bindings.binding(named: "eth0")?.interfaceIndex == 7)
  }

  @Test("fault 15: names that differ in bytes only are two interfaces")
  func bytes() {
    let driver = driver(.like("*"))
    let composed: InterfaceName = "\u{E9}"
    let decomposed: InterfaceName = "e\u{301}"
    driver.bindAdapter(link(composed, index: 7))
    driver.bindAdapter(link(decomposed, index: 8))
    #expect(driver.bindings.binding(named: composed)?.interfaceIndex == 7)
    #expect(driver.bindings.binding(named: decomposed)?.interfaceIndex == 8)
    #expect(!InterfaceMatch(name: .exactly(composed)).matches(link(decomposed)))
  }

  @Test("a wait for a name ends when a bound interface takes it, as its own or an alternative one")
  func waits() throws {
    let driver = driver(.like("*"))
    let file = try fixture.device.makeFileObject("client", Context(make: { _ in 0 }))
    let requester = RecordingRequester()
    let budget = Budget("waits", Budget.Limits(session: 64))
    driver.bindAdapter(link("np0"))
    for (id, name) in [(1, "enxcafe"), (2, "eth0")] as [(UInt64, InterfaceName)] {
      let request = try file.makeRequest(
        RequestParameters(type: .other, code: 0, id: id, outputByteCount: 0, count: 0),
        sink: requester)
      driver.wait(
        request, names: [name], timeoutNanoseconds: 5_000_000_000, executor: fixture.executor,
        charge: budget.chargeAnyway(to: Budget.Holder(userID: 1, session: file.id.rawValue)))
    }
    driver.adapterChanged(link("np0", "enxcafe"))
    #expect(requester.completion(of: 1)?.status == .success)
    #expect(requester.completion(of: 2) == nil)
    driver.adapterChanged(link("eth0", "enxcafe"))
    #expect(requester.completion(of: 2)?.status == .success)
  }

  @Test("fault 14: an interface that libpcap takes for another source is refused, not bound")
  func unusableName() {
    let driver = driver(.like("*"))
    var attributes = link("nflog")
    attributes.details.isCapturable = false
    driver.bindAdapter(attributes)
    #expect(driver.bindings.snapshot.bindings.isEmpty && recorder.refused == ["nflog"])
    // With an alternative name it can be opened.
    attributes.details.isCapturable = true
    attributes.alternativeNames = ["nic0"]
    driver.bindAdapter(attributes)
    #expect(driver.bindings.binding(named: "nflog") != nil)
  }
}
