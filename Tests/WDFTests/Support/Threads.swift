import Glibc
import Platform
import Synchronization

@testable import WDF

/// Runs `body` on `count` threads at once, and returns when all have returned.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let gate = EventCount()
  let running = Counter(count)
  for index in 0..<count {
    let hasStarted =
      (try? SystemThread.start("test") {
        body(index)
        running.add(-1)
        gate.signal()
      }) != nil
    if !hasStarted { running.add(-1) }
  }
  while true {
    let ticket = gate.ticket()
    if running.value == 0 { return }
    gate.wait(ticket, untilNanoseconds: nil)
  }
}

/// Starts a thread and lets the test go on; `wait` returns when it has returned.
final class TestThread: Sendable {
  private let gate = EventCount()
  private let isDone = Atomic<Bool>(false)

  init(_ body: @escaping @Sendable () -> Void) {
    _ = try? SystemThread.start("test") { [self] in
      body()
      isDone.store(true, ordering: .releasing)
      gate.signal()
    }
  }

  var hasEnded: Bool { isDone.load(ordering: .acquiring) }

  func wait() {
    while true {
      let ticket = gate.ticket()
      if isDone.load(ordering: .acquiring) { return }
      gate.wait(ticket, untilNanoseconds: nil)
    }
  }
}

/// Something one thread waits for and another sets.
final class Signal: Sendable {
  private let gate = EventCount()
  private let isSet = Atomic<Bool>(false)

  func set() {
    isSet.store(true, ordering: .releasing)
    gate.signal()
  }

  /// Waits, at most a minute.
  @discardableResult
  func wait() -> Bool {
    let deadline = monotonicNanoseconds() + 60_000_000_000
    while true {
      let ticket = gate.ticket()
      if isSet.load(ordering: .acquiring) { return true }
      if !gate.wait(ticket, untilNanoseconds: deadline) { return false }
    }
  }
}

final class Counter: Sendable {
  private let count: Atomic<Int>
  init(_ count: Int = 0) { self.count = Atomic(count) }
  @discardableResult
  func add(_ difference: Int = 1) -> Int {
    count.wrappingAdd(difference, ordering: .acquiringAndReleasing).newValue
  }
  var value: Int { count.load(ordering: .acquiring) }
}

/// Lets threads into each round together, so that every round is a race from its first moment.
func race<S: Sendable>(
  rounds: Int, threads: Int, _ setUp: () throws -> S,
  _ body: @escaping @Sendable (Int, S) -> Void, check: (S) throws -> Void
) throws {
  let subject = LockedValue<S?>(nil)
  let round = Counter()
  let done = Counter()
  let gate = EventCount()
  let ended = Counter(threads)
  let shared = Shared(subject: subject)
  for index in 0..<threads {
    _ = try? SystemThread.start("race") {
      var last = 0
      while true {
        let now = round.value
        if now < 0 { break }
        guard now != last, let subject = shared.value else {
          _ = sched_yield()
          continue
        }
        last = now
        body(index, subject)
        done.add()
      }
      ended.add(-1)
      gate.signal()
    }
  }
  defer {
    round.add(-1_000_000_000)
    while true {
      let ticket = gate.ticket()
      if ended.value == 0 { break }
      gate.wait(ticket, untilNanoseconds: nil)
    }
  }
  for number in 1...rounds {
    let subject = try setUp()
    shared.set(subject)
    round.add()
    while done.value < number * threads { _ = sched_yield() }
    shared.set(nil)
    try check(subject)
  }
}

private final class Shared<S: Sendable>: Sendable {
  private let subject: LockedValue<S?>
  init(subject: consuming LockedValue<S?>) { self.subject = subject }
  var value: S? { subject.withLock { $0 } }
  func set(_ value: S?) { subject.withLock { $0 = value } }
}

func sleepBriefly() { usleep(1_000) }
