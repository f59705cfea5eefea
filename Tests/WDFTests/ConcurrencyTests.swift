import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@testable import WDF

private let rounds = 1_000

private struct Family: Sendable {
  let log = Log()
  let objects: [Ref<General>]

  /// A chain: each object the child of the one before.
  init(_ driver: Ref<Driver>, _ names: [String]) throws {
    var made: [Ref<General>] = []
    for name in names {
      let context = log.context(name, General.self)
      made.append(
        try made.last?.makeChild(name, context) ?? driver.makeChild(name, context))
    }
    objects = made
  }

  /// Every cleanup once, children first; every destroy once.
  func check() {
    let names = objects.map(\.name)
    let cleanups = log.all.filter { $0.hasPrefix("cleanup") }
    #expect(cleanups == names.reversed().map { "cleanup \($0)" })
    for name in names { #expect(log.count("destroy \(name)") == 1) }
  }
}

@Suite("many threads on one tree", .serialized)
struct ConcurrencyTests {
  @Test(
    "wdf T30, T31: whoever deletes which generation, each ends once, children first",
    arguments: [2, 3])
  func deleteAll(generations: Int) throws {
    let fixture = try Fixture(.off)
    let names = ["A", "B", "C"].prefix(generations)
    try race(rounds: rounds, threads: generations) {
      try Family(fixture.driver, Array(names))
    } _: { index, family in
      _ = try? family.objects[index].delete()
    } check: { family in
      family.check()
    }
    try fixture.unload()
  }

  @Test("wdf T32: children made while their parent is deleted end once, or are refused")
  func createAgainstDelete() throws {
    struct Subject: Sendable {
      let parent: Ref<General>
      let made = Counter()
      let cleaned = Counter()
      let destroyed = Counter()
    }
    let fixture = try Fixture(.off)
    let wrongCodes = Counter()
    try race(rounds: rounds / 2, threads: 9) {
      Subject(parent: try fixture.object("P"))
    } _: { index, subject in
      if index == 0 {
        _ = try? subject.parent.delete()
        return
      }
      for _ in 0..<20 {
        let context = Context<General, Int>(
          make: { _ in 1 }, onCleanup: { _, _ in subject.cleaned.add() },
          onDestroy: { _, _ in subject.destroyed.add() })
        switch code({ try subject.parent.makeChild("c", context) }) {
        case nil: subject.made.add()
        case .deletePending, .objectDestroyed: return
        default: wrongCodes.add()
        }
      }
    } check: { subject in
      #expect(subject.parent.state == .destroyed)
      #expect(subject.cleaned.value == subject.made.value)
      #expect(subject.destroyed.value == subject.made.value)
    }
    #expect(wrongCodes.value == 0)
    try fixture.unload()
  }

  @Test("wdf T33: a context is added and ends once, or is refused because deleting began")
  func addAgainstDelete() throws {
    struct Slot<Tag>: Sendable {}
    struct Subject: Sendable {
      let object: Ref<General>
      let added = Counter()
      let cleaned = Counter()
      let destroyed = Counter()
      func add<T: Sendable>(_ value: T) {
        let context = Context<General, T>(
          make: { _ in value }, onCleanup: { [cleaned] _, _ in cleaned.add() },
          onDestroy: { [destroyed] _, _ in destroyed.add() })
        if code({ try object.addContext(context) }) == nil { added.add() }
        _ = try? object.withContext(T.self) { _ in }
      }
    }
    let fixture = try Fixture(.off)
    try race(rounds: rounds, threads: 5) {
      Subject(object: try fixture.driver.makeChild("O"))
    } _: { index, subject in
      switch index {
      case 0: _ = try? subject.object.delete()
      case 1: subject.add(Int8(1))
      case 2: subject.add(Int16(1))
      case 3: subject.add(Int32(1))
      default: subject.add(Int8(2))
      }
    } check: { subject in
      #expect(subject.cleaned.value == subject.added.value)
      #expect(subject.destroyed.value == subject.added.value)
    }
    try fixture.unload()
  }

  @Test("wdf T34: bodies and destroy never overlap, and late ones get an error that says why")
  func bodiesAgainstDelete() throws {
    final class Guarded: Sendable {
      let inside = Counter()
      let isGone = Atomic<Bool>(false)
    }
    struct Subject: Sendable {
      let object: Ref<General>
      let destroyed: Counter
      let overlaps = Counter()
      let wrongCodes = Counter()
    }
    let fixture = try Fixture(.off)
    try race(rounds: rounds, threads: 9) {
      let destroyed = Counter()
      return try Subject(
        object: fixture.driver.makeChild(
          "O",
          Context<General, Guarded>(
            make: { _ in Guarded() },
            onDestroy: { _, guarded in
              guarded.isGone.store(true, ordering: .sequentiallyConsistent)
              destroyed.add(guarded.inside.value == 0 ? 1 : 1_000)
            })), destroyed: destroyed)
    } _: { index, subject in
      if index == 0 {
        _ = try? subject.object.delete()
        return
      }
      for _ in 0..<10 {
        let code = code {
          try subject.object.withContext(Guarded.self) { guarded in
            guarded.inside.add()
            if guarded.isGone.load(ordering: .sequentiallyConsistent) { subject.overlaps.add() }
            guarded.inside.add(-1)
          }
        }
        switch code {
        case nil, .deletePending, .contextDestroying, .objectDestroyed: break
        default: subject.wrongCodes.add()
        }
      }
    } check: { subject in
      #expect(eventually { subject.destroyed.value == 1 })
      #expect(subject.overlaps.value == 0)
      #expect(subject.wrongCodes.value == 0)
    }
    try fixture.unload()
  }

  @Test("wdf T35: an early dispose and a delete at once always end in destroy")
  func earlyAgainstDelete() throws {
    let fixture = try Fixture(.off)
    try race(rounds: rounds, threads: 2) {
      try Family(fixture.driver, ["R", "S"])
    } _: { index, family in
      let object = family.objects[0]
      if index == 0 {
        _ = fixture.framework.disposeEarly(object.core)
      } else {
        _ = try? object.delete()
      }
    } check: { family in
      // The delete may have come while the early dispose was under way, and is made up for by it.
      #expect(family.objects[0].state == .destroyed)
      family.check()
    }
    try fixture.unload()
  }

  @Test(
    "wdf T36: eight threads making, filling and deleting at random leave nothing behind",
    arguments: [1, 2])
  func random(seed: UInt64) throws {
    let fixture = try Fixture(.on)
    let before = fixture.framework.liveObjectCount
    let shared = LockedValue<[Ref<General>]>([])
    onThreads(8) { index in
      churn(1_500, below: fixture.driver, sharing: shared, seed: seed &* 31 &+ UInt64(index))
    }
    for object in shared.withLock({ $0 }) { _ = try? object.delete() }
    #expect(eventually { fixture.framework.liveObjectCount == before })
    #expect(fixture.reports.of(.state).isEmpty && fixture.reports.of(.tag).isEmpty)
    try fixture.unload()
  }

  @Test("wdf T94: signals that storm at workers that make and delete objects reach no handler")
  func signalStorm() throws {
    let usual = signal(SIGUSR1) { _ in handledSignals.add(1, ordering: .relaxed) }
    defer { signal(SIGUSR1, usual) }
    let fixture = try Fixture(.on)
    let threads = LockedValue<[pthread_t]>([])
    let shared = LockedValue<[Ref<General>]>([])
    let storm = Flag()
    let done = Counter()
    for index in 0..<8 {
      _ = try fixture.driver.spawnWorker("w\(index)") { _ in
        threads.withLock { $0.append(pthread_self()) }
        churn(500, below: fixture.driver, sharing: shared, seed: UInt64(index))
        done.add()
        // A thread that has ended must not be signalled.
        while storm.isSet { sleepBriefly() }
      }
    }
    var sentCount = 0
    while done.value < 8 || sentCount < 2_000, sentCount < 100_000 {
      for thread in threads.withLock({ $0 }) where pthread_kill(thread, SIGUSR1) == 0 {
        sentCount += 1
      }
      sleepBriefly()
    }
    #expect(done.value == 8)
    storm.clear()
    for object in shared.withLock({ $0 }) { _ = try? object.delete() }
    try fixture.unload()
    #expect(handledSignals.load(ordering: .relaxed) == 0)
  }

  @Test("wdf T37: owned objects dropped anywhere end, and passive ones not in a dispatch section")
  func ownedDropped() throws {
    let fixture = try Fixture(.off)
    let (destroyed, inDispatch) = (Counter(), Counter())
    onThreads(8) { index in
      for number in 0..<100 {
        let context = Context<General, Int>(
          make: { _ in 1 },
          onDestroy: { _, _ in
            destroyed.add()
            if DispatchSection.isActive { inDispatch.add() }
          })
        if (index + number) % 2 == 0 {
          _ = try? fixture.driver.makeObject("o", context)
        } else {
          DispatchSection.run { _ = try? fixture.driver.makeObject("o", context) }
        }
      }
    }
    #expect(eventually { destroyed.value == 800 })
    #expect(inDispatch.value == 0)
    try fixture.unload()
  }
}

private struct SplitMix {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

/// Deletes as threads would, but one step at a time, in an order the test chooses.
private final class SteppedDelete {
  private let core: ObjectHeader
  private var runner: WalkRunner?
  private(set) var isOver = false

  init(_ ref: Ref<General>) { core = ref.core }

  func step() {
    if var running = runner {
      isOver = running.step(core.framework) != nil
      runner = running
      return
    }
    let decision = core.framework.tree.withLock { $0.beginDelete(core, inDispatch: false) }
    if case .walk(let walk) = decision { runner = WalkRunner(walk) } else { isOver = true }
  }
}

@Suite("every interleaving of deletes")
struct InterleavingTests {
  /// Runs one schedule, and says how many deletes there were to choose from at each step.
  ///
  /// At each step the next choice picks among the deletes not over, 0 when the choices are used up.
  private func run(
    _ driver: Ref<Driver>, _ names: [String], _ choices: [Int]
  ) throws -> [Int] {
    let family = try Family(driver, names)
    var deletes = family.objects.map { SteppedDelete($0) }
    var widths: [Int] = []
    while !deletes.isEmpty {
      let choice = widths.count < choices.count ? choices[widths.count] : 0
      widths.append(deletes.count)
      deletes[choice].step()
      deletes.removeAll { $0.isOver }
    }
    family.check()
    return widths
  }

  /// The schedule after `choices` in depth-first order.
  private func next(_ choices: [Int], _ widths: [Int]) -> [Int]? {
    var padded = choices + [Int](repeating: 0, count: max(0, widths.count - choices.count))
    padded = Array(padded.prefix(widths.count))
    while let last = padded.popLast() {
      if last + 1 < widths[padded.count] { return padded + [last + 1] }
    }
    return nil
  }

  @Test(
    "wdf T30, T31: in every order of steps each object ends once, children first",
    arguments: [["P", "C"], ["A", "B", "C"]])
  func everySchedule(names: [String]) throws {
    let fixture = try Fixture(.off)
    var choices: [Int]? = []
    var count = 0
    while let schedule = choices, count < 20_000 {
      let widths = try run(fixture.driver, names, schedule)
      choices = next(schedule, widths)
      count += 1
    }
    #expect(count > 20)
    #expect(names.count > 2 || choices == nil, "two objects are explored to the end")
    try fixture.unload()
  }
}

/// Counts from a signal handler, where no lock may be taken.
private let handledSignals = Atomic(0)

/// Makes, fills and deletes objects at random, some of them of other threads.
private func churn(
  _ count: Int, below driver: Ref<Driver>, sharing shared: borrowing LockedValue<[Ref<General>]>,
  seed: UInt64
) {
  var random = SplitMix(seed)
  for _ in 0..<count {
    let number = random.next()
    let picked = shared.withLock { $0.isEmpty ? nil : $0[Int(number >> 8) % $0.count] }
    switch number % 6 {
    case 0:
      if let made = try? driver.makeChild("o", Log().context("o")) {
        shared.withLock { $0.append(made) }
      }
    case 1:
      if let made = try? picked?.makeChild("c", Log().context("c")) {
        shared.withLock { $0.append(made) }
      }
    case 2: try? picked?.addContext(Context(make: { _ in 1 }))
    case 3: _ = try? picked?.withContext(Named.self) { _ in }
    case 4: DispatchSection.run { _ = try? picked?.delete() }
    default: _ = try? picked?.delete()
    }
  }
}
