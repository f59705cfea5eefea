import Platform
import Synchronization
import TestSupport
import Testing

@testable import WDF

/// A place in which driver code runs and something waits for it to return.
enum Place: String, CaseIterable, Sendable {
  case fileCreate, fileCleanup, fileClose, fileUnload, contextMake, contextCleanup, contextDestroy
  case contextBody, lockBody, callbackLockBody, handler, cancelCallback, readyCallback
  case operationCompletion, sink, timer, workItem, worker, unloadCallback, gate, dispatchSection
}

/// A call that waits.
enum WaitingCall: String, CaseIterable, Sendable {
  /// Unloading the driver.
  case unload
  /// The end of the object that is being called.
  case own
}

@Suite("where waiting is refused")
struct WaitTableTests {
  /// What is tried in a place, and what came of it.
  private final class Attempt: Sendable {
    let call: WaitingCall
    private let codes = LockedValue<[WdfError.Code?]>([])
    private let limit = Duration.seconds(3)

    init(_ call: WaitingCall) { self.call = call }

    var all: [WdfError.Code?] { codes.withLock { $0 } }

    /// Tries the call; `own` waits for what the caller's place belongs to.
    func make(_ fixture: Fixture, _ own: () throws(WdfError) -> Void) {
      let code: WdfError.Code?
      switch call {
      case .unload:
        do throws(UnloadBlocked) {
          try fixture.driver.unload(deadline: limit)
          code = nil
        } catch {
          code = error.reason
        }
      case .own: code = WDFTests.code(own)
      }
      codes.withLock { $0.append(code) }
    }

    func destroy<K: ObjectKind>(_ fixture: Fixture, of object: Ref<K>) {
      make(fixture) { () throws(WdfError) in try object.waitForDestroy(upTo: limit) }
    }

    func drain(_ fixture: Fixture, _ queue: Ref<Queue>) {
      make(fixture) { () throws(WdfError) in try queue.drain(waitingUpTo: limit) }
    }
  }

  @Test(
    "wdf T49, T78: a call that would wait for its own caller is refused at once, in every place",
    arguments: Place.allCases, WaitingCall.allCases)
  func table(place: Place, call: WaitingCall) throws {
    let attempt = Attempt(call)
    let unloadTried = LockedValue<Fixture?>(nil)
    let fixture = try Fixture(onUnload: { driver in
      guard place == .unloadCallback, let fixture = unloadTried.withLock({ $0 }) else { return }
      attempt.destroy(fixture, of: driver)
    })
    unloadTried.withLock { $0 = fixture }
    let start = monotonicNanoseconds()
    try visit(place, fixture, attempt)
    if place == .unloadCallback { try fixture.unload() }
    #expect(eventually { !attempt.all.isEmpty })
    #expect(attempt.all == [.wouldDeadlock])
    #expect(monotonicNanoseconds() - start < 2_500_000_000, "refused, not timed out")
    unloadTried.withLock { $0 = nil }
    try fixture.unload()
  }

  private func visit(_ place: Place, _ fixture: Fixture, _ attempt: Attempt) throws {
    switch place {
    case .fileCreate, .fileCleanup, .fileClose, .fileUnload:
      try visitFile(place, fixture, attempt)
    case .contextMake, .contextCleanup, .contextDestroy, .contextBody:
      try visitContext(place, fixture, attempt)
    case .lockBody:
      let lock = try fixture.driver.makeWaitLock("l", 0)
      try lock.withLock { _ in attempt.destroy(fixture, of: lock.object) }
    case .callbackLockBody, .handler, .cancelCallback, .readyCallback, .operationCompletion, .sink:
      try visitQueue(place, fixture, attempt)
    case .timer:
      let timer = try fixture.driver.makeTimer("t") { timer in
        attempt.make(fixture) { () throws(WdfError) in try timer.stop(waitingUpTo: .seconds(3)) }
      }
      try timer.start(after: .zero)
    case .workItem:
      let item = try fixture.driver.makeWorkItem("i") { item in
        attempt.make(fixture) { () throws(WdfError) in try item.flush(waitingUpTo: .seconds(3)) }
      }
      try item.enqueue()
    case .worker:
      _ = try fixture.driver.spawnWorker("w") { _ in attempt.destroy(fixture, of: fixture.device) }
    case .gate:
      let gate = CallbackGate(of: fixture.driver)
      gate.enter("receive") {
        attempt.make(fixture) { () throws(WdfError) in try gate.close(waitingUpTo: .seconds(3)) }
      }
    case .dispatchSection:
      let object = try fixture.object("o")
      DispatchSection.run { attempt.destroy(fixture, of: object) }
    case .unloadCallback: break
    }
  }

  private func visitFile(_ place: Place, _ fixture: Fixture, _ attempt: Attempt) throws {
    let tries: @Sendable (Ref<FileObject>) -> Void = { file in
      attempt.destroy(fixture, of: file)
      if place == .fileUnload { file.close() }
    }
    let file = try fixture.device.makeFileObject(
      "f", Log().context("f"), onCreate: place == .fileCreate ? tries : nil,
      onCleanup: place == .fileCleanup ? tries : nil, onClose: place == .fileClose ? tries : nil,
      onUnload: place == .fileUnload ? tries : nil)
    if place == .fileUnload { try fixture.unload() } else { file.close() }
  }

  private func visitContext(_ place: Place, _ fixture: Fixture, _ attempt: Attempt) throws {
    let itself = LockedValue<Ref<General>?>(nil)
    let tries: @Sendable () -> Void = {
      if let object = itself.withLock({ $0 }) {
        attempt.destroy(fixture, of: object)
      } else {
        attempt.destroy(fixture, of: fixture.driver)
      }
    }
    let object = try fixture.driver.makeChild(
      "o",
      Context<General, Int>(
        make: { _ in
          if place == .contextMake { tries() }
          return 1
        },
        onCleanup: { _, _ in if place == .contextCleanup { tries() } },
        onDestroy: { _, _ in if place == .contextDestroy { tries() } }))
    itself.withLock { $0 = object }
    if place == .contextBody { try object.withContext(Int.self) { _ in tries() } }
    try object.delete()
    itself.withLock { $0 = nil }
  }

  private func visitQueue(_ place: Place, _ fixture: Fixture, _ attempt: Attempt) throws {
    let itself = LockedValue<Ref<Queue>?>(nil)
    let tries: @Sendable () -> Void = {
      if let queue = itself.withLock({ $0 }) { attempt.drain(fixture, queue) }
    }
    var configuration = QueueConfiguration(place == .handler ? .sequential : .manual)
    configuration.options.scope = .queue
    if place == .handler {
      configuration.defaultHandler = { _, request in
        tries()
        request.complete(.success)
      }
    }
    let queue = try fixture.device.makeQueue("q", configuration)
    itself.withLock { $0 = queue }
    defer { itself.withLock { $0 = nil } }
    let sink = Sink { _ in if place == .sink { tries() } }
    if place == .readyCallback { try queue.notifyReady { _ in tries() } }
    if place == .callbackLockBody { try queue.withCallbackLock { tries() } }
    let file = try fixture.file()
    try file.submit(read(1), sink: sink, to: queue)
    if place == .cancelCallback, let request = try queue.retrieveNext() {
      let outcome = request.markCancelable { request in
        tries()
        request.complete(.cancelled)
      }
      if case .marked(let token) = consume outcome {
        _ = file.cancel(requestID: 1)
        _ = token.unmark()
      }
    }
    if place == .operationCompletion {
      try queue.stop { tries() }
      try queue.start()
    }
    file.close()
  }
}
