internal import CLinux
internal import Glibc
internal import Synchronization

/// One thread's epoll loop: descriptors, timers, a mailbox, and nothing else.
///
/// A turn is one wait followed by the mailbox, the handlers of ready descriptors, the due timers
/// and the turn handlers, in this order. No step is repeated within a turn: work posted from a
/// mailbox closure, or a timer armed in a turn, runs in the next turn.
/// ```
///   ┌─► epoll_pwait2 ─► mailbox ─► ready handlers ─► due timers ─► turn handlers ─┐
///   └─────────────────────────────────────────────────────────────────────────────┘
/// ```
/// Handlers are called level-triggered, without a lock held, and may register, modify and
/// unregister any descriptor, including their own.
///
/// - Thread: all members belong to the loop's thread, which is the one that calls `run()`, and
///   until then the one that created the loop; `post`, `stop` and `isCurrent` can be called on any
///   thread
/// - Ownership: keeps handlers, turn handlers and armed timers alive until they are removed, or
///   `run()` returns; never closes a registered descriptor
/// - Complexity: a turn allocates nothing
/// - Source: epoll(7), eventfd(2); `ndisprotd.docc/Architecture.md` section 4
public final class EventLoop: @unchecked Sendable {
  // @unchecked: the mailbox has its own lock, `thread` is atomic, `wakeUp` is a descriptor; all
  // else is used on the loop's thread only, which `preconditionOnLoop` enforces.
  private let mailbox = Mailbox()
  private let thread: Atomic<UInt64>
  private let wakeUp: EventDescriptor

  let epoll: EpollSet
  var registrations = RegistrationTable()
  /// Whether epoll refused to take a descriptor back, for lack of memory or watches.
  var hasUnwatched = false
  private var timers = DeadlineHeap<LoopTimer>()
  /// The heap's `nextDeadline`, `.max` for none: each look at the heap is checked for exclusive access.
  private var nextDeadline: UInt64 = .max
  private let turnHandlers = HotCell<[(any TurnHandler)?]>([])
  private let batch = HotCell<[Mailbox.Work]>([])
  private var hasRun = false
  /// Whether `run()` has released everything.
  private(set) var hasEnded = false
  private var isStopped = false
  /// Whether the next turn starts without waiting; the first one does.
  private var wantsTurn = true
  /// Polls before a wait; nil for a loop that waits at once.
  private var spinner: Spinner?

  /// Creates a loop; posted work waits for `run()`.
  ///
  /// - Throws: `SystemError` of epoll_create1, epoll_pwait2, eventfd or epoll_ctl
  public init() throws(SystemError) {
    thread = Atomic(clinux_thread_number())
    epoll = try EpollSet()
    wakeUp = try EventDescriptor()
    try epoll.add(wakeUp.descriptor, .read, Registration.wakeUp.epollData)
  }

  /// Runs turns until `stop()`, then empties the mailbox, disarms all timers and returns; a loop
  /// runs once.
  ///
  /// Descriptors that are still registered then are removed.
  ///
  /// The thread's timer slack becomes 1 ns, without which a wait of 20 µs takes 70.
  public func run() {
    precondition(!hasRun, "an event loop runs once")
    hasRun = true
    thread.store(clinux_thread_number(), ordering: .releasing)
    _ = clinux_set_timer_slack(1)
    while !isStopped { turn() }
    while !mailbox.end() { runMailbox() }
    // Timers keep what their closures capture, which may be the loop itself.
    timers.removeAll()
    nextDeadline = .max
    let former = turnHandlers.value
    turnHandlers.value = []
    withExtendedLifetime(former) {}
    spinner = nil
    hasEnded = true
    // Outside the table: a handler that is released may unregister another one.
    let handlers = registrations
    registrations = RegistrationTable()
    withExtendedLifetime(handlers) {}
  }

  /// One turn, with a limit on the wait: for tests that drive a loop by hand.
  package func turn(waitingAtMost limitNanoseconds: UInt64 = .max) {
    // Without a timer every one that fires would have been armed in this turn.
    let timerMark = nextDeadline == .max ? 0 : timers.mark
    let readyCount = awaitEvents(timeout(limit: limitNanoseconds))
    runMailbox()
    let hadWork = handleReady(readyCount)
    fireTimers(armedBefore: timerMark)
    endTurn()
    if hadWork || wantsTurn { spinner?.worked(atNanoseconds: monotonicNanoseconds()) }
  }

  /// Polls for this long after each turn in which a descriptor was ready, before the loop waits.
  ///
  /// Other threads of the processor run between two polls. Mailbox and timers are served as before,
  /// but do not count as work after which the loop polls.
  ///
  /// - Parameters:
  ///   - nanoseconds: how long; 0 turns polling off
  ///   - budget: the places for polling threads; without one the loop waits at once
  public func spin(nanoseconds: UInt64, budget: SpinBudget) {
    assertOnLoop()
    spinner = nanoseconds == 0 ? nil : Spinner(nanoseconds: nanoseconds, budget: budget)
  }

  /// Makes `run()` end with the next turn at the latest.
  ///
  /// - Thread: any
  public func stop() {
    if mailbox.stop() { wakeUp.signal() }
  }

  /// Posts work to the loop; the posts of one thread run in order.
  ///
  /// - Thread: any
  /// - Returns: whether the work will run; false if `run()` has ended and the work was dropped
  @discardableResult
  public func post(_ work: @escaping @Sendable () -> Void) -> Bool {
    let (isTaken, needsWakeUp) = mailbox.post(work)
    if needsWakeUp { wakeUp.signal() }
    return isTaken
  }

  /// Whether the caller is on the loop's thread; no later thread is ever mistaken for it.
  ///
  /// - Thread: any
  public var isCurrent: Bool { thread.load(ordering: .acquiring) == clinux_thread_number() }

  /// Stops the program if the caller is on another thread.
  public func preconditionOnLoop() {
    precondition(isCurrent, "called off the event loop's thread")
  }

  /// As `preconditionOnLoop`, and nothing in release builds.
  public func assertOnLoop() {
    assert(isCurrent, "called off the event loop's thread")
  }

  /// Arms a timer to fire once, this many nanoseconds from now; an armed one is moved.
  public func arm(_ timer: LoopTimer, afterNanoseconds: UInt64) {
    assertOnLoop()
    preconditionIsOwn(timer)
    let (deadline, isPastEnd) = monotonicNanoseconds().addingReportingOverflow(afterNanoseconds)
    // `.max` is none, and as far away.
    timers.insert(timer, deadline: isPastEnd ? .max - 1 : deadline)
    noteNextDeadline()
  }

  /// Disarms a timer; has no effect if it is not armed.
  public func disarm(_ timer: LoopTimer) {
    assertOnLoop()
    preconditionIsOwn(timer)
    timers.remove(timer)
    noteNextDeadline()
  }

  private func noteNextDeadline() { nextDeadline = timers.nextDeadline ?? .max }

  private func preconditionIsOwn(_ timer: LoopTimer) {
    precondition(!timer.isArmed || timers.contains(timer), "a timer belongs to another loop")
  }

  /// Calls a handler at the end of every turn from this one on, after those added before.
  public func addTurnHandler(_ handler: any TurnHandler) {
    assertOnLoop()
    turnHandlers.value.append(handler)
  }

  /// Removes a turn handler, which may be the one that runs.
  public func removeTurnHandler(_ handler: any TurnHandler) {
    assertOnLoop()
    // Only emptied: `endTurn` may be iterating, and closes the gaps afterwards.
    for index in turnHandlers.value.indices where turnHandlers.value[index] === handler {
      turnHandlers.value[index] = nil
    }
  }
}

// MARK: - The parts of a turn

extension EventLoop {
  /// How long after a refusal epoll is asked again.
  private static let rewatchNanoseconds: UInt64 = 10_000_000

  private func runMailbox() {
    isStopped = mailbox.take(into: &batch.value)
    for work in batch.value { work() }
    batch.value.removeAll(keepingCapacity: true)
  }

  /// The longest next wait; nil is indefinite.
  private func timeout(limit: UInt64) -> UInt64? {
    if wantsTurn || !mailbox.prepareToWait() { return 0 }
    var timeout = hasUnwatched ? min(limit, Self.rewatchNanoseconds) : limit
    if nextDeadline != .max {
      let now = monotonicNanoseconds()
      timeout = min(timeout, nextDeadline > now ? nextDeadline - now : 0)
    }
    return timeout == .max ? nil : timeout
  }

  /// Waits for events, polling first if the loop polls; nil waits indefinitely.
  private func awaitEvents(_ timeout: UInt64?) -> Int {
    guard spinner != nil, timeout != 0 else { return epoll.wait(nanoseconds: timeout) }
    var now = monotonicNanoseconds()
    let deadline = timeout.map { now.addingReportingOverflow($0) }
    let end = deadline.map { $0.overflow ? .max : $0.partialValue }
    while spinner?.polls(atNanoseconds: now) == true {
      let count = epoll.wait(nanoseconds: 0)
      if count > 0 { return count }
      if let end, now >= end { return 0 }
      sched_yield()
      now = monotonicNanoseconds()
    }
    return epoll.wait(nanoseconds: end.map { $0 > now ? $0 - now : 0 })
  }

  /// - Returns: whether a handler was called
  private func handleReady(_ count: Int) -> Bool {
    var hadWork = false
    for index in 0..<count {
      let (registration, events) = epoll.event(at: index)
      if registration == .wakeUp {
        wakeUp.clear()
      } else if let slot = registrations[registration], slot.isWatched {
        // An earlier handler of this batch may have unregistered or narrowed this one.
        let wanted = events.intersection(slot.interest.union([.hangUp, .error]))
        guard !wanted.isEmpty, let handler = slot.handler else { continue }
        hadWork = true
        handler.ready(wanted)
      }
    }
    return hadWork
  }

  private func fireTimers(armedBefore mark: UInt64) {
    guard nextDeadline != .max else { return }
    let now = monotonicNanoseconds()
    guard nextDeadline <= now else { return }
    while let timer = timers.popDue(now, before: mark) {
      noteNextDeadline()
      timer.fire()
    }
  }

  private func endTurn() {
    if hasUnwatched { watchAgain() }
    wantsTurn = false
    var hasGaps = false
    for index in turnHandlers.value.indices {
      guard let handler = turnHandlers.value[index] else {
        hasGaps = true
        continue
      }
      if handler.turnEnded() { wantsTurn = true }
    }
    if hasGaps { turnHandlers.value.removeAll { $0 == nil } }
  }
}
