import Platform
import TestSupport
import Testing

@Suite("Spinning", .timeLimit(.minutes(15)))
struct SpinTests {
  /// What a spinner is asked, and what it answers.
  enum Step: Sendable {
    case worked(UInt64)
    case asked(UInt64, polls: Bool)
    /// Another thread takes a place, or gives it back.
    case takes, gives
  }

  @Test(
    "a thread polls for its time behind the last work, and not before any",
    arguments: [
      [.asked(0, polls: false), .asked(50, polls: false)],
      [.worked(1_000), .asked(1_000, polls: true), .asked(1_099, polls: true)],
      [.worked(1_000), .asked(1_100, polls: false), .asked(1_050, polls: true)],
      [.worked(1_000), .asked(1_000, polls: true), .worked(1_090), .asked(1_189, polls: true)],
      [.worked(1_000), .asked(1_090, polls: true), .asked(1_100, polls: false)],
      [.worked(.max - 10), .asked(.max - 1, polls: true)],
    ] as [[Step]])
  func window(steps: [Step]) { play(steps, places: 1) }

  @Test(
    "a thread without a place waits until it has work again; who waits has no place",
    arguments: [
      [.takes, .worked(1_000), .asked(1_000, polls: false), .gives, .asked(1_001, polls: false)],
      [
        .takes, .worked(1_000), .asked(1_000, polls: false), .gives, .worked(1_010),
        .asked(1_011, polls: true),
      ],
      [.worked(1_000), .asked(1_000, polls: true), .takes, .asked(1_001, polls: true)],
      [
        .worked(1_000), .asked(1_000, polls: true), .asked(1_100, polls: false), .takes,
        .worked(1_200), .asked(1_200, polls: false),
      ],
    ] as [[Step]])
  func places(steps: [Step]) { play(steps, places: 1) }

  @Test("where there is no place nothing ever polls")
  func noPlace() { play([.worked(1_000), .asked(1_000, polls: false)], places: 0) }

  private func play(_ steps: [Step], places: Int) {
    let budget = SpinBudget(processorCount: places + 1, usableCount: places + 1)
    var spinner = Spinner(nanoseconds: 100, budget: budget)
    for step in steps {
      switch step {
      case .worked(let now): spinner.worked(atNanoseconds: now)
      case .asked(let now, let expected):
        let polls = spinner.polls(atNanoseconds: now)
        #expect(polls == expected, "at \(now)")
      case .takes: _ = budget.take()
      case .gives: budget.give()
      }
    }
  }

  @Test(
    "one processor of the machine is left to others, and no two threads poll on one",
    arguments: [
      (1, 1, 0), (2, 2, 1), (2, 1, 1), (8, 8, 7), (8, 3, 3), (8, 1, 1), (64, 64, 63),
    ])
  func budget(processors: Int, usable: Int, places: Int) {
    let budget = SpinBudget(processorCount: processors, usableCount: usable)
    #expect(budget.placeCount == places)
    for _ in 0..<places { #expect(budget.take()) }
    #expect(!budget.take())
    if places > 0 {
      budget.give()
      #expect(budget.take())
      #expect(!budget.take())
    }
  }

  @Test("a spinner that goes gives its place back")
  func goes() {
    let budget = SpinBudget(processorCount: 2, usableCount: 2)
    do {
      var spinner = Spinner(nanoseconds: 100, budget: budget)
      spinner.worked(atNanoseconds: 1)
      let polls = spinner.polls(atNanoseconds: 2)
      #expect(polls)
      #expect(!budget.take())
    }
    #expect(budget.take())
  }

  @Test("a loop that polls hears descriptors, mail, timers and its end as one that waits")
  func loop() throws {
    let budget = SpinBudget(processorCount: 2, usableCount: 2)
    let loop = try EventLoop()
    // Longer than the test may last: if anything were not heard while it polls, it would never end.
    loop.spin(nanoseconds: 3_600_000_000_000, budget: budget)
    let order = LockedValue([String]())
    let pair = SocketPair()
    let timer = LoopTimer { [unowned loop] in
      order.withLock { $0.append("timer") }
      _ = loop.post {
        order.withLock { $0.append("mail") }
        loop.stop()
      }
    }
    let registration = try loop.register(
      pair.near, .read,
      ClosureHandler { [unowned loop] _ in
        pair.readNear()
        let count = order.withLock { order in
          order.append("ready")
          return order.count
        }
        if count == 2 { loop.arm(timer, afterNanoseconds: 2_000_000) }
      })
    pair.makeNearReadable()
    let runner = TestThread { [loop] in loop.run() }
    // The second comes while the loop polls, or is about to.
    #expect(eventually { order.withLock { $0.count } == 1 })
    pair.makeNearReadable()
    runner.join()
    #expect(order.withLock { $0 } == ["ready", "ready", "timer", "mail"])
    // A loop that has ended holds no place.
    #expect(budget.take())
    withExtendedLifetime(registration) {}
  }
}

@Suite("Scheduling", .timeLimit(.minutes(15)))
struct SchedulingTests {
  @Test("a thread stays where it is put, and a thread that it starts does not")
  func processors() throws {
    let usable = (0..<1_024).filter { SystemThread.mayRun(on: $0) }
    let first = UInt16(try #require(usable.first))
    let counts = Box([Int]())
    let absent = Box([UInt16]())
    TestThread {
      absent.value = (try? SystemThread.stay(on: [first, 1_023])) ?? []
      counts.value.append(SystemThread.usableProcessorCount)
      let isDone = AutoResetEvent()
      try? SystemThread.start("heir") {
        counts.value.append(SystemThread.usableProcessorCount)
        isDone.set()
      }
      _ = isDone.wait(milliseconds: Patience.milliseconds)
    }.join()
    #expect(absent.value == (usable.contains(1_023) ? [] : [1_023]))
    #expect(counts.value == [1, usable.count])
  }

  @Test("processors that are not there are refused with EINVAL")
  func absent() throws {
    try #require(!SystemThread.mayRun(on: 1_023))
    TestThread {
      #expect {
        try SystemThread.stay(on: [1_022, 1_023])
      } throws: { error in
        (error as? SystemError) == SystemError(errno: 22, call: "sched_setaffinity")
      }
    }.join()
  }
}
