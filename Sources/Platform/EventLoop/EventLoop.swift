internal import CLinux
internal import Synchronization

/// One thread's epoll loop: descriptors, timers, a mailbox, and nothing else.
///
/// A turn is the mailbox, the handlers of ready descriptors, the timers that are due, the turn
/// handlers, in this order, behind one wait. Nothing runs until empty: work posted from a mailbox
/// closure, or a timer armed in a turn, has its place in the next one.
/// ```
///   ┌─► epoll_pwait2 ─► mailbox ─► ready handlers ─► due timers ─► turn handlers ─┐
///   └─────────────────────────────────────────────────────────────────────────────┘
/// ```
/// Handlers are called level-triggered, without a lock held, and may register, modify and
/// unregister anything, themselves and each other included.
///
/// - Thread: all members are for the loop's thread, which is the one that calls `run()` and until
///   then the one that made the loop; `post`, `stop` and `isCurrent` are for any
/// - Ownership: keeps handlers, turn handlers and armed timers alive until they are taken out, or
///   `run()` returns; never closes a registered descriptor
/// - Complexity: a turn allocates nothing
/// - Source: epoll(7), eventfd(2); `ndisprotd.docc/Architecture.md` section 4
public final class EventLoop: @unchecked Sendable {
  // @unchecked: the mailbox has its own lock, `thread` is atomic, `wakeUp` is a descriptor; all
  // else is touched by the loop's thread only, which `preconditionOnLoop` holds callers to.
  private let mailbox = Mailbox()
  private let thread: Atomic<UInt64>
  private let wakeUp: EventDescriptor

  let epoll: EpollSet
  var registrations = RegistrationTable()
  /// Whether epoll refused to take a descriptor back, for want of memory or watches.
  var hasUnwatched = false
  private var timers = DeadlineHeap<LoopTimer>()
  private var turnHandlers: [(any TurnHandler)?] = []
  private var batch: [Mailbox.Work] = []
  private var hasRun = false
  /// `run()` has let go of everything.
  private(set) var hasEnded = false
  private var isStopped = false
  /// Whether the next turn starts without waiting; the first does.
  private var wantsTurn = true

  /// Makes a loop that nobody runs yet; what is posted waits for `run()`.
  ///
  /// - Throws: `SystemError` of epoll_create1, epoll_pwait2, eventfd or epoll_ctl
  public init() throws(SystemError) {
    thread = Atomic(clinux_thread_number())
    epoll = try EpollSet()
    wakeUp = try EventDescriptor()
    try epoll.add(wakeUp.descriptor, .read, Registration.wakeUp.epollData)
  }

  /// Turns until `stop()`, then empties the mailbox, disarms all timers and returns; a loop runs once.
  ///
  /// What is still registered then is registered no more.
  ///
  /// The thread's timer slack becomes 1 ns, without which a wait of 20 µs takes 70.
  public func run() {
    precondition(!hasRun, "an event loop runs once")
    hasRun = true
    thread.store(clinux_thread_number(), ordering: .releasing)
    _ = clinux_set_timer_slack(1)
    while !isStopped { turn() }
    while !mailbox.end() { runMailbox() }
    // They keep what they hold, and that may be the loop itself.
    timers.removeAll()
    turnHandlers.removeAll()
    hasEnded = true
    // Outside of the table: a handler that goes may unregister another.
    let handlers = registrations
    registrations = RegistrationTable()
    withExtendedLifetime(handlers) {}
  }

  /// One turn, with a wait that may be cut short: for tests that drive a loop by hand.
  package func turn(waitingAtMost limitNanoseconds: UInt64 = .max) {
    let timerMark = timers.mark
    let readyCount = epoll.wait(nanoseconds: timeout(limit: limitNanoseconds))
    runMailbox()
    handleReady(readyCount)
    fireTimers(armedBefore: timerMark)
    endTurn()
  }

  /// Ends `run()` with the next turn at the latest.
  ///
  /// - Thread: any
  public func stop() {
    if mailbox.stop() { wakeUp.signal() }
  }

  /// Hands work to the loop; one thread's posts run in order.
  ///
  /// - Thread: any
  /// - Returns: whether it will run; false, and the work is dropped, once `run()` has ended
  @discardableResult
  public func post(_ work: @escaping @Sendable () -> Void) -> Bool {
    let (isTaken, needsWakeUp) = mailbox.post(work)
    if needsWakeUp { wakeUp.signal() }
    return isTaken
  }

  /// Whether the caller is on the loop's thread; no other ever is, however long that one is gone.
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

  /// Fires a timer once, so many nanoseconds from now; an armed one is moved.
  public func arm(_ timer: LoopTimer, afterNanoseconds: UInt64) {
    assertOnLoop()
    preconditionIsOwn(timer)
    let (deadline, isPastEnd) = monotonicNanoseconds().addingReportingOverflow(afterNanoseconds)
    timers.insert(timer, deadline: isPastEnd ? .max : deadline)
  }

  /// Takes a timer's next firing back; nothing happens if there is none.
  public func disarm(_ timer: LoopTimer) {
    assertOnLoop()
    preconditionIsOwn(timer)
    timers.remove(timer)
  }

  private func preconditionIsOwn(_ timer: LoopTimer) {
    precondition(!timer.isArmed || timers.contains(timer), "a timer belongs to another loop")
  }

  /// Calls a handler at the end of every turn from this one on, behind those added before.
  public func addTurnHandler(_ handler: any TurnHandler) {
    assertOnLoop()
    turnHandlers.append(handler)
  }

  /// Calls a handler no more; it may be the one that runs.
  public func removeTurnHandler(_ handler: any TurnHandler) {
    assertOnLoop()
    // Only emptied: `endTurn` may be walking, and closes the gaps behind itself.
    for index in turnHandlers.indices where turnHandlers[index] === handler {
      turnHandlers[index] = nil
    }
  }
}

// MARK: - The parts of a turn

extension EventLoop {
  /// How long epoll may refuse a descriptor before it is asked again.
  private static let rewatchNanoseconds: UInt64 = 10_000_000

  private func runMailbox() {
    isStopped = mailbox.take(into: &batch)
    for work in batch { work() }
    batch.removeAll(keepingCapacity: true)
  }

  /// How long the next wait may last; nil is without end.
  private func timeout(limit: UInt64) -> UInt64? {
    if wantsTurn || !mailbox.prepareToWait() { return 0 }
    var timeout = hasUnwatched ? min(limit, Self.rewatchNanoseconds) : limit
    if let deadline = timers.nextDeadline {
      let now = monotonicNanoseconds()
      timeout = min(timeout, deadline > now ? deadline - now : 0)
    }
    return timeout == .max ? nil : timeout
  }

  private func handleReady(_ count: Int) {
    for index in 0..<count {
      let (registration, events) = epoll.event(at: index)
      if registration == .wakeUp {
        wakeUp.clear()
      } else if let slot = registrations[registration], slot.isWatched {
        // An earlier handler of this batch may have unregistered or narrowed this one.
        let wanted = events.intersection(slot.interest.union([.hangUp, .error]))
        if !wanted.isEmpty { slot.handler?.ready(wanted) }
      }
    }
  }

  private func fireTimers(armedBefore mark: UInt64) {
    guard let next = timers.nextDeadline else { return }
    let now = monotonicNanoseconds()
    guard next <= now else { return }
    while let timer = timers.popDue(now, before: mark) { timer.fire() }
  }

  private func endTurn() {
    if hasUnwatched { watchAgain() }
    wantsTurn = false
    var hasGaps = false
    for index in turnHandlers.indices {
      guard let handler = turnHandlers[index] else {
        hasGaps = true
        continue
      }
      if handler.turnEnded() { wantsTurn = true }
    }
    if hasGaps { turnHandlers.removeAll { $0 == nil } }
  }
}
