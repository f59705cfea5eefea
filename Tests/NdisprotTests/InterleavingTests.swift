import MDL
import NDIS
import TestSupport
import Testing
import WDF

@testable import Ndisprot

/// A driver and its data path on two threads, as the server runs them: control hears of the
/// interface and mails; the binding's thread reads its mail between two calls.
private final class TwoThreads: BindingObserver, @unchecked Sendable {  // One waits for the other.
  let fixture: DataPathFixture
  let driver: NdisprotDriver
  let binding: AdapterBinding
  let dataPath: BindingDataPath
  let miniport = ScriptedMiniport()
  let administrator = RecordingRequester()
  private let file: Ref<FileObject>
  private var mail: [() -> Void] = []
  private var nextID: UInt64 = 1
  /// Control's own open, which moves no frames.
  private let watcher: DataPathFixture.Client

  init() throws {
    fixture = try DataPathFixture()
    (driver, binding, dataPath) = try fixture.makeDrivenBinding(on: miniport)
    file = try fixture.device.makeFileObject("administrator", Context(make: { _ in 0 }))
    watcher = try DataPathFixture.Client(fixture, OpenOptions(etherTypes: .empty), on: binding)
    driver.observer = self
  }

  /// What may happen while another call is under way: a column of the matrix.
  enum Event: CaseIterable {
    case oid, receive, sendPossible, status, powerLow, flap, largerMTU, address, pause
    case pauseAndRestart, unbind
  }

  /// Lets it happen: on a thread of its own if it is control's, which cannot go on while the
  /// binding's lock is held by whoever is under way (C-10).
  func fire(_ event: Event) {
    switch event {
    case .receive: miniport.deliver([Frames.make(number: 99)])
    case .sendPossible: miniport.handler?.sendPossible()
    default: TestThread { self.control(event) }.join()
    }
  }

  private func control(_ event: Event) {
    switch event {
    case .receive, .sendPossible: break
    case .oid:
      let id = try? watcher.query(.currentAddress, room: 6)
      let completion = id.flatMap { watcher.requester.completion(of: $0)?.status }
      #expect(completion == (binding.snapshot.isActive ? .success : .notBound))
    case .status: change { $0.link = .disconnected }
    case .powerLow: change { $0.isUp = false }
    case .flap:
      change { $0.isUp = false }
      change { $0.isUp = true }
    case .largerMTU: change { $0.mtu = 9_000 }
    case .address: change { $0.address = Frames.peer }
    case .pause: administer(driver.pause)
    case .pauseAndRestart:
      administer(driver.pause)
      administer(driver.restart)
    case .unbind: driver.unbindAdapter(interfaceIndex: 7)
    }
  }

  private func change(_ change: (inout AdapterAttributes) -> Void) {
    var attributes = binding.snapshot.attributes
    change(&attributes)
    driver.adapterChanged(attributes)
  }

  private func administer(_ body: (AdapterBinding, RequestBox) -> Void) {
    let request = try? file.makeRequest(
      RequestParameters(type: .other, code: 13, id: nextID, outputByteCount: 0, count: 0),
      sink: administrator)
    nextID += 1
    guard let request else {
      Issue.record("no request could be made")
      return
    }
    body(binding, RequestBox(request))
  }

  /// A turn of the binding's loop.
  func turn() {
    while !mail.isEmpty { mail.removeFirst()() }
    while dataPath.sendPended() {}
  }

  /// Ends what control has open, and says how many requests of its were made.
  func end() -> Int {
    watcher.open.close()
    return Int(nextID - 1)
  }

  func bindingAdded(_ binding: AdapterBinding) {}
  func bindingChanged(
    _ binding: AdapterBinding, _ changes: [EventKind], _ action: BindingStateMachine.Action
  ) {
    let indication = StatusIndication.linkState(binding.snapshot.attributes.link)
    if changes.contains(.linkState) { mail.append { self.dataPath.indicate(indication) } }
    mail.append { self.dataPath.attributesChanged(action) }
  }
  func rulesMayDiffer(for binding: AdapterBinding) {}
  func bindingPauses(_ binding: AdapterBinding) {
    mail.append {
      self.dataPath.drain { self.driver.drained(binding, cancelledWrites: $0) }
    }
  }
  func bindingStateChanged(
    _ binding: AdapterBinding, _ action: BindingStateMachine.Action, cancelledWrites: Int
  ) { mail.append { self.dataPath.attributesChanged(action) } }
  func bindingRemoved(_ binding: AdapterBinding) { mail.append { self.dataPath.unbind() } }
  func interfacesMayBeReplaced() {}
  func bindsComplete() {}
  func bindRefused(_ attributes: AdapterAttributes, _ error: BindError) {}
}

@Suite("Callbacks that interleave (section 3.1)", .timeLimit(.minutes(15)))
struct InterleavingTests {
  /// The call that is under way: a row of the matrix.
  ///
  /// `activate` is NdisOpenAdapterEx; `deactivate` is NdisCloseAdapterEx, of an unbind; `receive` is
  /// the middle of a dispatch.
  enum Place: CaseIterable {
    case activate, update, send, deactivate, receive

    var call: ScriptedMiniport.Call? {
      switch self {
      case .activate: .activate
      case .update: .update
      case .send: .send
      case .deactivate: .deactivate
      case .receive: nil
      }
    }
  }

  @Test(
    "C-1…C-12: whatever happens in the middle of any call, each request ends once and laws hold",
    arguments: Place.allCases, TwoThreads.Event.allCases)
  fileprivate func overlap(_ place: Place, _ event: TwoThreads.Event) throws {
    let lab = try TwoThreads()
    var isUnderWay: ScriptedMiniport.Call?
    var isFired = false
    lab.miniport.during = { call in
      // A ✗ of the matrix: no open, close or change of the handle begins within another.
      #expect(isUnderWay == nil, "\(call) within \(String(describing: isUnderWay))")
      isUnderWay = call
      defer { isUnderWay = nil }
      guard call == place.call, !isFired else { return }
      isFired = true
      lab.fire(event)
    }
    defer { lab.miniport.during = { _ in } }
    let client = try DataPathFixture.Client(lab.fixture, OpenOptions(), on: lab.dataPath)
    let reads = [try client.read(), try client.read(), try client.read()]
    lab.turn()
    let own = Frames.make(to: Frames.peer, from: Frames.own, number: 1)
    lab.miniport.script = [SendProgress(sentCount: 1, failure: .wouldBlock)]
    let other = try? DataPathFixture.Client(
      lab.fixture, OpenOptions(etherTypes: EtherTypeSet([0x88CC])), on: lab.dataPath)
    let write = try client.write([own, own])
    lab.turn()
    for number: UInt32 in 1...2 {
      receive(number, lab)
      if place == .receive, number == 1 { lab.fire(event) }
    }
    lab.miniport.handler?.receiveComplete()
    lab.miniport.handler?.sendPossible()
    lab.turn()
    let isUnbound = lab.binding.snapshot.state == .unbound
    if !isUnbound {
      try checkLaws(lab.dataPath)
      lab.fire(.unbind)
      lab.turn()
    }

    for id in reads + [write] { #expect(client.requester.completion(of: id) != nil) }
    let sent = client.open.transmit
    let refused = sent.rejectedState + sent.rejectedPolicy + sent.errNetdown
    #expect(sent.submitted == sent.sent + refused + sent.cancelled)
    #expect(sent.submitted == 2 || isUnbound)
    #expect(Int(sent.sent) == lab.miniport.sent.count)
    // ✗ Recv after CloseCpl: nobody hears of it, and nothing of it stays.
    #expect(!lab.miniport.isActive && lab.binding.snapshot.state == .unbound)
    let completed = client.requester.completions.count
    receive(3, lab)
    lab.miniport.handler?.receiveComplete()
    #expect(client.requester.completions.count == completed)

    client.open.close()
    other?.open.close()
    let asked = lab.end()
    #expect(lab.administrator.completions.count == asked)
    #expect(lab.binding.object.state == .destroyed)
  }

  private func receive(_ number: UInt32, _ lab: TwoThreads) {
    let frame = Frames.make(number: number)
    let span = frame.span
    lab.miniport.handler?.receive(
      ReceivedFrame(
        bytes: span.bytes, wireByteCount: frame.count, timestampNanoseconds: 1, flags: 0))
  }

  /// Laws D2 and D3 of every open.
  private func checkLaws(_ dataPath: BindingDataPath) throws {
    for set in dataPath.counters() where set.kind == .open {
      let values = Dictionary(uniqueKeysWithValues: set.values)
      let sum = { (counters: [Counter]) in counters.reduce(0) { $0 + values[$1, default: 0] } }
      #expect(
        values[.rxOffered]
          == sum([
            .rxOverrun, .rxMatched, .rxUnmatchedEthertype, .rxUnmatchedFilter,
            .rxUnmatchedDirection, .rxNotPermitted, .rxDropState,
          ]))
      #expect(
        sum([.rxMatched, .rxLooped])
          == sum([.rxDelivered, .rxDropFlushed, .rxDropClosed, .rxDropRevoked, .rxQueued]))
    }
  }

  @Test("✗ Bind within Bind: an interface that is told again is bound once")
  func bindWithinBind() throws {
    let fixture = try DataPathFixture()
    let driver = NdisprotDriver(
      wanted: [InterfaceMatch(name: .exactly("np0"))], framework: fixture.driver)
    let teller = Teller(driver)
    driver.observer = teller
    driver.bindAdapter(fixture.attributes)
    #expect(driver.bindings.snapshot.bindings.count == 1 && teller.added == 1)
    driver.unbindAdapter(interfaceIndex: 7)
    #expect(driver.bindings.snapshot.bindings.isEmpty && teller.removed == 1)
  }

  /// Tells the driver of the same interface again in the middle of its callbacks.
  private final class Teller: BindingObserver {
    private unowned let driver: NdisprotDriver
    private(set) var added = 0
    private(set) var removed = 0

    init(_ driver: NdisprotDriver) { self.driver = driver }

    func bindingAdded(_ binding: AdapterBinding) {
      added += 1
      driver.bindAdapter(binding.snapshot.attributes)
    }
    func bindingRemoved(_ binding: AdapterBinding) {
      removed += 1
      driver.unbindAdapter(interfaceIndex: binding.interfaceIndex)
    }
    func bindingChanged(
      _ binding: AdapterBinding, _ changes: [EventKind], _ action: BindingStateMachine.Action
    ) {}
    func rulesMayDiffer(for binding: AdapterBinding) {}
    func bindingPauses(_ binding: AdapterBinding) {}
    func bindingStateChanged(
      _ binding: AdapterBinding, _ action: BindingStateMachine.Action, cancelledWrites: Int
    ) {}
    func interfacesMayBeReplaced() {}
    func bindsComplete() {}
    func bindRefused(_ attributes: AdapterAttributes, _ error: BindError) {}
  }
}
