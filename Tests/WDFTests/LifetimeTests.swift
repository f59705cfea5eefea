import Synchronization
import TestSupport
import Testing

@testable import WDF

/// What a callback captured: gone when the object that keeps the callback is.
private final class Captured: Sendable {
  let isGone: Signal
  init(_ isGone: Signal) { self.isGone = isGone }
  deinit { isGone.set() }
  func use() {}
}

@Suite("what callbacks capture goes with their object")
struct LifetimeTests {
  /// Each kind of object with callbacks; makes it with `captured` in every one of them, ends it, and
  /// keeps a reference.
  enum Subject: String, CaseIterable, Sendable {
    case context, addedContext, file, queue, timer, startedTimer, workItem, worker, driver
    case request, markedRequest, waiter

    fileprivate func endOne(_ captured: Captured, _ fixture: Fixture) throws -> [AnyRef] {
      switch self {
      case .context:
        let object = try fixture.driver.makeChild(
          "o",
          Context<General, Int>(
            make: { _ in 1 }, onCleanup: { _, _ in captured.use() },
            onDestroy: { _, _ in captured.use() }))
        try object.delete()
        return [object.erased]
      case .addedContext:
        let object = try fixture.object("o")
        try object.addContext(
          Context<General, Int>(make: { _ in 1 }, onCleanup: { _, _ in captured.use() }))
        try object.delete()
        return [object.erased]
      case .file:
        let file = try fixture.device.makeFileObject(
          "f", Log().context("f"), onCreate: { _ in captured.use() },
          onCleanup: { _ in captured.use() }, onClose: { _ in captured.use() },
          onUnload: { _ in captured.use() })
        file.close()
        return [file.erased]
      case .queue:
        var configuration = QueueConfiguration(.sequential)
        configuration.handlers[.read] = { _, _ in captured.use() }
        configuration.defaultHandler = { _, _ in captured.use() }
        configuration.onCanceledOnQueue = { _, _ in captured.use() }
        let queue = try fixture.device.makeQueue("q", configuration)
        let manual = try fixture.device.makeQueue("m", .manual)
        try manual.notifyReady { _ in captured.use() }
        try queue.delete()
        try manual.delete()
        return [queue.erased, manual.erased]
      case .timer, .startedTimer:
        let timer = try fixture.driver.makeTimer("t") { _ in captured.use() }
        if self == .startedTimer { try timer.start(after: .seconds(3600)) }
        try timer.delete()
        return [timer.erased]
      case .workItem:
        let item = try fixture.driver.makeWorkItem("i") { _ in captured.use() }
        try item.enqueue()
        try item.flush()
        try item.delete()
        return [item.erased]
      case .worker:
        let worker = try fixture.driver.spawnWorker("w", onStop: { captured.use() }) { _ in
          captured.use()
        }
        try worker.waitForDestroy(upTo: .seconds(5))
        return [worker.erased]
      case .driver:
        let own = Framework()
        let driver = try own.makeDriver(
          "d", Log().context("d"), onUnload: { _ in captured.use() })
        try driver.unload()
        return [driver.erased]
      case .request, .markedRequest:
        let file = try fixture.file()
        let queue = try fixture.device.makeQueue("q", .manual)
        let sink = Sink { _ in captured.use() }
        var parameters = read(1)
        parameters.buffers = captured
        let request = try file.makeRequest(parameters, sink: sink)
        if self == .markedRequest {
          let outcome = request.markCancelable { request in
            captured.use()
            request.complete(.cancelled)
          }
          if case .marked(let token) = consume outcome {
            _ = file.cancel(requestID: 1)
            _ = token.unmark()
          }
        } else {
          forward(request, to: queue)
          _ = file.cancel(requestID: 1)
        }
        return [file.erased, queue.erased]
      case .waiter:
        let queue = try fixture.device.makeQueue("q", .manual)
        try queue.drain { captured.use() }
        try queue.stop { captured.use() }
        return [queue.erased]
      }
    }
  }

  @Test(
    "an object that has ended keeps nothing of its callbacks alive", arguments: Subject.allCases)
  func captured(subject: Subject) throws {
    let fixture = try Fixture()
    let isGone = Signal()
    let kept = try subject.endOne(Captured(isGone), fixture)
    #expect(isGone.wait(), "what \(subject) captured is kept")
    try withExtendedLifetime(kept) { try fixture.unload() }
  }

  @Test("what a worker's body captured is gone when unloading has returned")
  func workerBody() throws {
    let fixture = try Fixture()
    let isGone = Counter()
    final class Slow: Sendable {
      let isGone: Counter
      init(_ isGone: Counter) { self.isGone = isGone }
      deinit {
        for _ in 0..<50 { sleepBriefly() }
        isGone.add()
      }
    }
    func start() throws {
      let slow = Slow(isGone)
      _ = try fixture.driver.spawnWorker("w") { token in
        while !token.isStopRequested { sleepBriefly() }
        withExtendedLifetime(slow) {}
      }
    }
    try start()
    try fixture.unload()
    #expect(isGone.value == 1)
  }
}
