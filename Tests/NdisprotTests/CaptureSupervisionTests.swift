import NDIS
import TestSupport
import Testing
import WDF

@testable import Ndisprot

@Suite("Capturing is supervised: no failure of a handle is final, and none is silent")
struct CaptureSupervisionTests {
  private let fixture: DataPathFixture
  private let news = Flags()

  /// What was told, in order.
  private final class Flags {
    var told: [CaptureNews] = []
  }

  init() throws {
    fixture = try DataPathFixture()
    fixture.dataPath.onCaptureNews { [news] in news.told.append($0) }
  }

  private static let gone = MiniportError.noSuchDevice
  private static let words = MiniportError.capture(code: -1, words: "The interface disappeared")

  @Test("fault 2: a handle that fails is made again, told once and told of again when it captures")
  func captureFails() throws {
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.activationScript = [Self.words, Self.words, nil]
    fixture.miniport.fail(Self.words)
    #expect(!fixture.miniport.isActive && news.told == [.failed(Self.words)])
    #expect(fixture.executor.soonDelays == [50_000_000])
    fixture.executor.runScheduled()
    #expect(fixture.executor.soonDelays == [100_000_000])
    fixture.executor.runScheduled()
    fixture.executor.runScheduled()
    #expect(fixture.miniport.isActive)
    #expect(news.told == [.failed(Self.words), .recovered])
    let read = try client.read()
    fixture.miniport.deliver([Frames.make(number: 1)])
    #expect(client.frames(read).count == 1)
  }

  @Test("fault 2: sending goes on while nothing is captured")
  func sendingLives() throws {
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.fail(Self.words)
    let own = Frames.make(to: Frames.peer, from: Frames.own, number: 1)
    let write = try client.write([own])
    #expect(client.requester.completion(of: write)?.status == .success)
    #expect(fixture.miniport.isOpen && fixture.miniport.sent == [own])
  }

  @Test("a handle that fails while the interface is down is made when it is up, without a timer")
  func failsWhileDown() throws {
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.change { $0.isUp = false }
    fixture.miniport.fail(Self.words)
    #expect(fixture.executor.soonDelays.isEmpty && news.told.isEmpty)
    fixture.change { $0.isUp = true }
    #expect(fixture.miniport.isActive && fixture.miniport.activationCount == 2)
    withExtendedLifetime(client) {}
  }

  @Test("fault 2: behind down, rename and up a new handle follows the one that knows the old name")
  func renamedWhileDown() throws {
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.change { $0.isUp = false }
    fixture.change { $0.name = "zz0" }
    #expect(fixture.miniport.activationCount == 1)
    fixture.change { $0.isUp = true }
    #expect(fixture.miniport.activationCount == 2)
    #expect(fixture.miniport.configuration?.interfaceName == "zz0")
    #expect(fixture.miniport.deactivationCount == 0 && news.told.isEmpty)
    withExtendedLifetime(client) {}
  }

  @Test("a bypass of the queueing discipline is asked for once; refused, frames go through it")
  func bypass() throws {
    #expect(fixture.miniport.bypassCount == 0)
    let refused = MiniportError.system(errno: 92, call: "setsockopt(PACKET_QDISC_BYPASS)")
    let (miniport, asked) = (ScriptedMiniport(), Flags())
    miniport.bypassError = refused
    let dataPath = try BindingDataPath(
      binding: fixture.binding, miniport: miniport, executor: fixture.executor, profile: .latency,
      captureRingByteCount: 1 << 20, receiveRingByteCount: 64 << 10, bypassesQdisc: true)
    dataPath.onCaptureNews { asked.told.append($0) }
    let clients = try [OpenOptions(), OpenOptions(etherTypes: EtherTypeSet([0x88B5]))].map {
      try DataPathFixture.Client(fixture, $0, on: dataPath)
    }
    #expect(miniport.bypassCount == 1 && asked.told == [.bypassRefused(refused)])
    let own = Frames.make(to: Frames.peer, from: Frames.own, number: 1)
    let write = try clients[0].write([own])
    #expect(clients[0].requester.completion(of: write)?.status == .success)
    #expect(miniport.sent == [own])
  }

  @Test("attack 6: a ring of another size has handles exchanged once, and none is closed before")
  func resized() throws {
    fixture.dataPath.resizeCapture(to: 8 << 20)
    // Nothing is captured yet: the next handle has the size.
    #expect(fixture.miniport.activationCount == 0)
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    #expect(fixture.miniport.configuration?.ringByteCount == 8 << 20)
    fixture.dataPath.resizeCapture(to: 512 << 10)
    fixture.dataPath.resizeCapture(to: 512 << 10)
    #expect(fixture.miniport.activationCount == 2 && fixture.miniport.deactivationCount == 0)
    #expect(fixture.miniport.configuration?.ringByteCount == 512 << 10)
    let read = try client.read()
    fixture.miniport.deliver([Frames.make(number: 1)])
    #expect(client.frames(read).count == 1)
  }

  @Test("fault 6: a larger MTU has a handle made, and is no state of the binding")
  func largerMTU() throws {
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.holdsActivations = true
    fixture.change { $0.mtu = 9_000 }
    #expect(fixture.binding.snapshot.state == .running && fixture.miniport.isActive)
    #expect(fixture.binding.handle(.pause) == .drainSends)
    fixture.miniport.finishActivation()
    #expect(fixture.binding.snapshot.state == .pausing)
    #expect(fixture.miniport.configuration?.mtu == 9_000)
    withExtendedLifetime(client) {}
  }

  @Test("a handle that cannot follow leaves the one there is, is told of and tried again")
  func exchangeFails() throws {
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.activationScript = [Self.words]
    fixture.change { $0.mtu = 9_000 }
    #expect(fixture.miniport.isActive && fixture.miniport.deactivationCount == 0)
    #expect(news.told == [.failed(Self.words)])
    fixture.executor.runScheduled()
    #expect(fixture.miniport.configuration?.mtu == 9_000)
    #expect(news.told == [.failed(Self.words), .recovered])
    withExtendedLifetime(client) {}
  }

  @Test("a filter that cannot be narrowed is not left so: the handle is made anew")
  func updateFails() throws {
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let other = try DataPathFixture.Client(
      fixture, OpenOptions(etherTypes: EtherTypeSet([0x88CC])))
    fixture.miniport.updateError = .system(errno: 12, call: "setsockopt")
    other.open.close()
    #expect(fixture.miniport.activationCount == 2)
    #expect(fixture.miniport.configuration?.etherTypes == OpenOptions().etherTypes)
    #expect(news.told == [.failed(.system(errno: 12, call: "setsockopt")), .recovered])
    withExtendedLifetime(client) {}
  }

  @Test("fault 3: a replaced interface is told of before a handle is made on the new one")
  func replaced() throws {
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.dataPath.checkInterface()
    #expect(news.told.isEmpty)
    fixture.miniport.isReplaced = true
    fixture.dataPath.checkInterface()
    #expect(news.told == [.vanished])
    fixture.miniport.fail(Self.gone)
    fixture.executor.runScheduled()
    #expect(news.told == [.vanished, .vanished])
    #expect(fixture.miniport.activationCount == 1)
    withExtendedLifetime(client) {}
  }

  // MARK: Opens that wait

  /// An open under way, and how it ended.
  private final class Opening {
    var result: Result<OpenContext, BindingError>?
    var error: BindingError? {
      if case .failure(let error) = result { error } else { nil }
    }
    var open: OpenContext? { try? result?.get() }
  }

  private func open(_ options: OpenOptions, _ body: (Opening) throws -> Void) throws {
    let file = try fixture.device.makeFileObject("client", .init(make: { _ in 0 }))
    let (opening, requester) = (Opening(), RecordingRequester())
    OpenContext.open(
      options, on: fixture.binding, dataPath: fixture.dataPath, file: file,
      client: Credentials(processID: 1, userID: 1, groupID: 1, groups: []), access: .everything,
      requester: requester
    ) {
      #expect(opening.result == nil, "an open ended twice")
      opening.result = $0
    }
    try body(opening)
    opening.open?.close()
    file.close()
  }

  @Test("an open is answered when its handle captures, and others that need it with it")
  func waits() throws {
    fixture.miniport.holdsActivations = true
    try open(OpenOptions()) { first in
      try open(OpenOptions()) { second in
        #expect(first.result == nil && second.result == nil)
        fixture.miniport.finishActivation()
        #expect(first.open != nil && second.open != nil)
        #expect(fixture.miniport.activationCount == 1)
      }
    }
  }

  @Test("fault 7: an open with `outgoing` waits for its handle, and others' frames do not")
  func waitsForOutgoing() throws {
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let read = try client.read()
    fixture.miniport.holdsActivations = true
    try open(OpenOptions(flags: .outgoing)) { opening in
      #expect(opening.result == nil && fixture.miniport.isActivating)
      fixture.miniport.deliver([Frames.make(number: 1)])
      #expect(client.frames(read).count == 1)
      // Nothing more is needed for this one.
      try open(OpenOptions()) { #expect($0.open != nil) }
      fixture.miniport.finishActivation()
      #expect(opening.open != nil)
      #expect(fixture.miniport.configuration?.includesOutgoing == true)
    }
    #expect(fixture.miniport.configuration?.includesOutgoing == false)
  }

  @Test("D-27: an open whose handle cannot be made hears why, and harms no other")
  func refused() throws {
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    fixture.miniport.activationScript = [Self.words]
    try open(OpenOptions(flags: .outgoing)) { opening in
      #expect(opening.error == .miniport(Self.words))
    }
    #expect(fixture.miniport.isActive && news.told.isEmpty)
    #expect(fixture.binding.snapshot.openCount == 1)
    withExtendedLifetime(client) {}
  }

  /// What ends a wait.
  enum End: CaseIterable { case unbind, close, file }

  @Test("an open that waits ends once, whatever ends it", arguments: End.allCases)
  func waitEnds(_ end: End) throws {
    fixture.miniport.holdsActivations = true
    let file = try fixture.device.makeFileObject("client", .init(make: { _ in 0 }))
    let (opening, requester) = (Opening(), RecordingRequester())
    OpenContext.open(
      OpenOptions(), on: fixture.binding, dataPath: fixture.dataPath, file: file,
      client: Credentials(processID: 1, userID: 1, groupID: 1, groups: []), access: .everything,
      requester: requester
    ) {
      #expect(opening.result == nil, "an open ended twice")
      opening.result = $0
    }
    switch end {
    case .unbind: fixture.dataPath.unbind()
    case .close: fixture.dataPath.close()
    case .file: break
    }
    file.close()
    #expect(opening.error == .adapterNotFound)
    #expect(fixture.binding.snapshot.openCount == 0 && !fixture.miniport.isActivating)
    fixture.miniport.finishActivation()
    #expect(!fixture.miniport.isActive)
  }

  @Test("a send socket that cannot be had refuses the open, and the next one tries again")
  func noSendSocket() throws {
    fixture.miniport.openError = .permissionDenied
    try open(OpenOptions()) { #expect($0.error == .miniport(.permissionDenied)) }
    try open(OpenOptions()) { #expect($0.open != nil) }
  }
}
