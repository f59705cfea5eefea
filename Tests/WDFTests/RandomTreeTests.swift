import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@testable import WDF

/// How long the random test goes on: 2 s, or a minute with `NDISPROT_FAULTS=long`.
private var randomTestNanoseconds: UInt64 {
  guard let text = getenv("NDISPROT_FAULTS") else { return 2_000_000_000 }
  return String(cString: text) == "long" ? 60_000_000_000 : 2_000_000_000
}

@Suite("everything at once, at random")
struct RandomTreeTests {
  /// What the threads share: any of them may have been deleted.
  private final class World: Sendable {
    let fixture: Fixture
    private let objects = LockedValue<[Ref<General>]>([])
    private let files = LockedValue<[Ref<FileObject>]>([])
    private let queues = LockedValue<[Ref<Queue>]>([])
    private let timers = LockedValue<[Ref<DeferredTimer>]>([])
    let submitted = Counter()

    init() throws { fixture = try Fixture(.on) }

    private func add<T: Sendable>(
      _ value: T, to list: borrowing LockedValue<[T]>, _ random: inout SplitMix64
    ) {
      let place = Int.random(in: 0..<16, using: &random)
      list.withLock { list in
        if list.count < 16 { list.append(value) } else { list[place] = value }
      }
    }

    private func any<T: Sendable>(
      _ list: borrowing LockedValue<[T]>, _ random: inout SplitMix64
    ) -> T? {
      let number = Int.random(in: 0..<16, using: &random)
      return list.withLock { $0.isEmpty ? nil : $0[number % $0.count] }
    }

    /// One step of one thread; every call may be refused.
    func step(_ random: inout SplitMix64) throws(WdfError) {
      switch Int.random(in: 0..<16, using: &random) {
      case 0: add(try fixture.driver.makeChild("o", context), to: objects, &random)
      case 1:
        if let parent = any(objects, &random) {
          add(try parent.makeChild("c", context), to: objects, &random)
        }
      case 2: try any(objects, &random)?.delete()
      case 3: try any(objects, &random)?.withContext(Named.self) { _ in _ = sched_yield() }
      case 4:
        let hold = try any(objects, &random)?.hold("random")
        _ = sched_yield()
        _ = consume hold
      case 5: try makeQueue(&random)
      case 6: try any(queues, &random)?.delete()
      case 7: try makeFile(&random)
      case 8: any(files, &random)?.close()
      case 9, 10: try submit(&random)
      case 11: try retrieve(&random)
      case 12: _ = any(files, &random)?.cancel(requestID: UInt64.random(in: 0..<8, using: &random))
      case 13: try purge(&random)
      case 14: try makeTimer(&random)
      default: DispatchSection.run { any(files, &random)?.close() }
      }
    }

    private var context: Context<General, Named> {
      Context(
        make: { _ in Named(name: "n") }, onCleanup: { _, _ in _ = sched_yield() },
        onDestroy: { _, _ in })
    }

    private func makeFile(_ random: inout SplitMix64) throws(WdfError) {
      let file = try fixture.device.makeFileObject(
        "f", Context(make: { _ in 1 }), onCleanup: { _ in _ = sched_yield() }, onClose: { _ in })
      add(file, to: files, &random)
    }

    private func makeQueue(_ random: inout SplitMix64) throws(WdfError) {
      let kind = Int.random(in: 0..<3, using: &random)
      let dispatch: QueueDispatch = [.manual, .sequential, .parallel(limit: 2)][kind]
      var configuration = QueueConfiguration(
        dispatch, timeout: Bool.random(using: &random) ? .microseconds(500) : nil)
      if Bool.random(using: &random) { configuration.options.scope = .queue }
      if kind != 0 {
        configuration.defaultHandler = { [self] queue, request in
          var random = SplitMix64(state: request.id)
          if let other = any(queues, &random), other != queue {
            switch request.forward(to: other) {
            case .accepted: return
            case .refused(let request, _): request.complete(.invalidDeviceState)
            }
          } else {
            request.complete(.success)
          }
        }
      }
      let queue: Ref<Queue>
      if let parent = any(objects, &random) {
        queue = try parent.makeQueue("q", configuration, of: fixture.device)
      } else {
        queue = try fixture.device.makeQueue("q", configuration)
      }
      add(queue, to: queues, &random)
    }

    private func submit(_ random: inout SplitMix64) throws(WdfError) {
      guard let file = any(files, &random), let queue = any(queues, &random) else { return }
      let id = UInt64.random(in: 0..<8, using: &random)
      try file.submit(read(id), sink: fixture.sink, to: queue)
      submitted.add()
    }

    private func retrieve(_ random: inout SplitMix64) throws(WdfError) {
      guard let queue = any(queues, &random) else { return }
      let seen = try queue.find { $0.id % 2 == 0 }
      let request =
        if let seen, Bool.random(using: &random) {
          try queue.retrieve(seen)
        } else {
          try queue.retrieveNext()
        }
      guard let request else { return }
      switch Int.random(in: 0..<4, using: &random) {
      case 0: request.complete(.success)
      case 1:
        if case .refused(let request, _) = request.requeue() { request.complete(.internalError) }
      case 2:
        guard let other = any(queues, &random) else { return request.complete(.success) }
        if case .refused(let request, _) = request.forward(to: other) {
          request.complete(.internalError)
        }
      default: mark(request)
      }
    }

    private func mark(_ request: consuming OwnedRequest) {
      let outcome = request.markCancelable { request in
        let status = request.cancelStatus
        request.complete(status)
      }
      switch consume outcome {
      case .marked(let token):
        _ = sched_yield()
        if case .reclaimed(let request) = token.unmark() { request.complete(.success) }
      case .alreadyCancelled(let request): request.complete(.cancelled)
      }
    }

    private func purge(_ random: inout SplitMix64) throws(WdfError) {
      guard let queue = any(queues, &random) else { return }
      if Bool.random(using: &random) { try queue.purge() } else { try queue.stop() }
      try queue.start()
    }

    private func makeTimer(_ random: inout SplitMix64) throws(WdfError) {
      if let parent = any(objects, &random), Bool.random(using: &random) {
        let timer = try parent.makeTimer("t", period: .microseconds(200)) { _ in
          _ = sched_yield()
        }
        add(timer, to: timers, &random)
        try timer.start(after: .zero)
        try parent.makeWorkItem("i") { _ in _ = sched_yield() }.enqueue()
      } else if Bool.random(using: &random) {
        any(timers, &random)?.stop()
      } else {
        try any(timers, &random)?.delete()
      }
    }
  }

  @Test(
    "wdf T36: create, delete, borrow, forward, cancel, close and unload from many threads, at random",
    .timeLimit(.minutes(15)))
  func random() throws {
    let end = monotonicNanoseconds() + randomTestNanoseconds
    var round: UInt64 = 0
    while monotonicNanoseconds() < end {
      round += 1
      let seed = round
      let world = try World()
      let roundEnd = min(end, monotonicNanoseconds() + 500_000_000)
      onThreads(6) { index in
        var random = SplitMix64(state: seed * 100 + UInt64(index))
        while monotonicNanoseconds() < roundEnd {
          for _ in 0..<50 {
            do throws(WdfError) { try world.step(&random) } catch {}
          }
        }
      }
      // Threads go on while the driver is unloaded.
      let isOver = Counter()
      let late = TestThread {
        var random = SplitMix64(state: seed)
        while isOver.value == 0 {
          do throws(WdfError) { try world.step(&random) } catch {}
        }
      }
      defer {
        isOver.add()
        late.wait()
      }
      try world.fixture.driver.unload(deadline: .seconds(20))
      #expect(world.fixture.framework.liveObjectCount == 0, "round \(round)")
      let faults = world.fixture.reports.codes.filter { $0 != .doubleDelete && $0 != .lateDelete }
      #expect(faults.isEmpty, "round \(round): \(faults)")
      #expect(world.submitted.value > 0)
    }
  }
}
