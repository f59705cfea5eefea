import Platform
import Synchronization
import TestSupport
import Testing

@testable import WDF

/// What can keep unloading from its end.
enum Obstacle: String, CaseIterable, Sendable {
  case idleFile, pendingRequest, fileCleanup, fileClose, contextCleanup, contextDestroy, worker
  case contextBody, hold, lockBody, timer, workItem, queueCallback, ownedRequest
}

@Suite("an unload that is blocked")
struct BlockedUnloadTests {
  /// Puts an obstacle in the way, under a name that the report must give.
  private func block(_ obstacle: Obstacle, _ fixture: Fixture, _ isIn: Signal, _ mayGo: Signal)
    throws
  {
    let stay: @Sendable () -> Void = {
      isIn.set()
      mayGo.wait()
    }
    let object = { (onCleanup: Bool, onDestroy: Bool) throws -> Ref<General> in
      try fixture.driver.makeChild(
        "the holder",
        Context<General, Int>(
          make: { _ in 1 }, onCleanup: { _, _ in if onCleanup { stay() } },
          onDestroy: { _, _ in if onDestroy { stay() } }))
    }
    switch obstacle {
    case .idleFile:
      _ = try fixture.device.makeFileObject("the holder", Log().context("f"), onUnload: { _ in })
      isIn.set()
    case .fileCleanup, .fileClose:
      let file = try fixture.device.makeFileObject(
        "the holder", Log().context("f"),
        onCleanup: { _ in if obstacle == .fileCleanup { stay() } },
        onClose: { _ in if obstacle == .fileClose { stay() } })
      _ = TestThread { file.close() }
    case .pendingRequest:
      let file = try fixture.device.makeFileObject("the holder", Log().context("f"))
      let request = try file.makeRequest(read(1), sink: fixture.sink)
      let kept = KeptRequest(request)
      _ = TestThread {
        stay()
        kept.complete()
      }
    case .ownedRequest, .queueCallback:
      var configuration = QueueConfiguration(.sequential)
      let kept = KeptRequest()
      configuration.defaultHandler = { _, request in
        if obstacle == .queueCallback {
          stay()
          request.complete(.success)
        } else {
          kept.keep(request)
        }
      }
      let queue = try fixture.device.makeQueue("the holder", configuration)
      let own = try fixture.driver.makeRequest(read(1), sink: fixture.sink)
      if obstacle == .queueCallback {
        let first = KeptRequest(own)
        _ = TestThread { first.forward(to: queue) }
      } else {
        forward(own, to: queue)
        _ = TestThread {
          stay()
          kept.complete()
        }
      }
    case .contextCleanup, .contextDestroy:
      let object = try object(obstacle == .contextCleanup, obstacle == .contextDestroy)
      _ = TestThread { _ = try? object.delete() }
    case .contextBody:
      let object = try object(false, false)
      _ = TestThread { _ = try? object.withContext(Int.self) { _ in stay() } }
    case .hold:
      let hold = try object(false, false).hold("a hold")
      let kept = LockedValue<Hold?>(hold)
      let box = KeptHold(kept)
      _ = TestThread {
        stay()
        box.drop()
      }
    case .lockBody:
      let lock = try fixture.driver.makeWaitLock("the holder", 0)
      _ = TestThread { try? lock.withLock { _ in stay() } }
    case .worker: _ = try fixture.driver.spawnWorker("the holder") { _ in stay() }
    case .timer:
      try fixture.driver.makeTimer("the holder") { _ in stay() }.start(after: .zero)
    case .workItem: try fixture.driver.makeWorkItem("the holder") { _ in stay() }.enqueue()
    }
  }

  @Test(
    "wdf T45, T96: whatever holds unloading up is named, in the error and in VE-STUCK; then it works",
    arguments: Obstacle.allCases, [VerifierMode.off, .on])
  func named(obstacle: Obstacle, verifier: VerifierMode) throws {
    let fixture = try Fixture(verifier)
    let (isIn, mayGo) = (Signal(), Signal())
    try block(obstacle, fixture, isIn, mayGo)
    #expect(isIn.wait())
    let blocked = #expect(throws: UnloadBlocked.self) {
      try fixture.driver.unload(warnEvery: .milliseconds(40), deadline: .milliseconds(120))
    }
    #expect(blocked?.reason == .timedOut)
    #expect(
      blocked?.holders.contains { $0.name == "the holder" } == true, "\(blocked?.holders ?? [])")
    #expect(fixture.reports.of(.stuck).contains { $0.name == "the holder" })
    mayGo.set()
    if obstacle == .idleFile {
      for core in fixture.framework.cores(of: .fileObject) { Ref<FileObject>(core).close() }
    }
    try fixture.unload()
    #expect(fixture.log.count("destroy driver") == 1)
    try fixture.unload()
  }

  @Test("after an unload that was blocked and has ended by itself a second driver works")
  func secondDriver() throws {
    let fixture = try Fixture()
    let (isIn, mayGo) = (Signal(), Signal())
    let body = TestThread {
      try? fixture.driver.withContext(Named.self) { _ in
        isIn.set()
        mayGo.wait()
      }
    }
    isIn.wait()
    #expect(throws: UnloadBlocked.self) {
      try fixture.driver.unload(deadline: .milliseconds(50))
    }
    #expect(code { try fixture.framework.makeDriver("2", Log().context("2")) } == .driverExists)
    mayGo.set()
    body.wait()
    let second = try fixture.framework.makeDriver("second", Log().context("second"))
    let device = try second.makeControlDevice("device")
    device.finishInitializing()
    _ = try device.makeFileObject("file", Log().context("file"))
    _ = try second.spawnWorker("worker") { _ in }
    // The first has nothing left, and takes nothing of the second's.
    try fixture.driver.unload()
    #expect(second.state == .created)
    try second.unload()
    #expect(fixture.framework.liveObjectCount == 0)
  }

  @Test("wdf T48: a caller that joins an attempt gets its result, and can try again")
  func joined() throws {
    let fixture = try Fixture()
    let (isIn, mayGo) = (Signal(), Signal())
    try block(.worker, fixture, isIn, mayGo)
    isIn.wait()
    let stages = LockedValue<[Int]>([])
    onThreads(2) { _ in
      do throws(UnloadBlocked) {
        try fixture.driver.unload(deadline: .milliseconds(100))
      } catch {
        stages.withLock { $0.append(error.stage) }
      }
    }
    #expect(stages.withLock { $0 } == [3, 3])
    mayGo.set()
    try fixture.unload()
  }

  @Test("what ends just at the deadline is unloaded, or named")
  func atTheDeadline() throws {
    for round in 0..<40 {
      let fixture = try Fixture(.off)
      _ = try fixture.driver.spawnWorker("worker") { _ in
        let gate = EventCount()
        gate.wait(
          gate.ticket(),
          untilNanoseconds: monotonicNanoseconds() + 9_500_000 + UInt64(round) * 25_000)
      }
      do throws(UnloadBlocked) {
        try fixture.driver.unload(deadline: .milliseconds(10))
      } catch {
        #expect(!error.holders.isEmpty)
        try fixture.unload()
      }
    }
  }
}

/// A request that is ended later.
final class KeptRequest: Sendable {
  private let request: LockedValue<OwnedRequest?>

  init() { request = LockedValue(nil) }
  init(_ request: consuming OwnedRequest) { self.request = LockedValue(consume request) }

  func keep(_ request: consuming OwnedRequest) {
    var request: OwnedRequest? = consume request
    self.request.withLock { $0 = request.take() }
  }

  func take() -> OwnedRequest? { request.withLock { $0.take() } }
  func complete(_ status: RequestStatus = .success) { take()?.complete(status) }
  func forward(to queue: Ref<Queue>) {
    if let request = take() { WDFTests.forward(request, to: queue) }
  }
}

private final class KeptHold: Sendable {
  private let hold: LockedValue<Hold?>
  init(_ hold: consuming LockedValue<Hold?>) { self.hold = hold }
  func drop() { hold.withLock { $0 = nil } }
}
