internal import NDIS
internal import Platform

/// One capture handle in a loop: looks at its ring when there is a reason to, and passes the frames
/// to the receiver.
/// ```
///   waiting ─ start ─► taking ─ retire ─► draining ─ the ring is empty ─► ended
///      └──────────────── retire, then start ─┘
/// ```
/// It waits while the previous handle is drained. While it drains, its filter rejects all frames,
/// and what is in the ring is delivered as before. A handle that failed is not looked at until it
/// is drained: its socket works again once the interface is back, and later frames are in the ring.
///
/// - Thread: the loop's
/// - Ownership: the loop keeps it until it has ended; then its owner closes the handle
@safe final class CapturePath: EventHandler {
  /// Frames of a full chunk; the receiver ends a chunk earlier if it has enough bytes.
  static let framesOfOneChunk = 512
  /// The most full chunks before the loop turns to other descriptors.
  static let chunksOfOneLook = 4
  /// How long frames are left in the kernel's ring before the receiver is asked again.
  static let holdNanoseconds: UInt64 = 100_000
  /// How far frames may be out of order in a ring, in time: two processors may fill it.
  static let disorderNanoseconds: UInt64 = 1_000_000

  private enum State {
    case waiting, taking
    case draining(since: UInt64)
    case ended
  }

  let handle: PcapHandle
  private let loop: EventLoop
  private let handler: ReceiveHandler
  private let context: UnsafeMutablePointer<CaptureContext>
  private var moderator: CaptureModerator
  private lazy var timer = LoopTimer { [unowned self] in look() }
  private var registration: Registration?
  private var state = State.waiting
  private var isNotingTimes = false
  private var whenEnded: (() -> Void)?
  /// While draining: whether the receiver may leave frames in the ring for a moment.
  private var isHeld = true
  /// The kernel has unbound the socket: what is in the ring is the last of it.
  private var isUnbound = false
  private var isLooking = false
  /// The last chunk was full, and the receiver waits for the next one.
  private var isAmongChunks = false
  /// Until when frames in bulk wait for each other; nil if they do not.
  private var gatheringEnd: UInt64?
  /// Readers with frames in bulk wait for `receiveComplete`.
  private var hasGathered = false
  /// Nothing is captured any more, and the receiver has been notified.
  private var hasFailed = false

  /// Adds a handle to a loop; its ring is not looked at before `start`.
  init(
    _ handle: PcapHandle, loop: EventLoop, handler: ReceiveHandler
  ) throws(MiniportError) {
    self.handle = handle
    self.loop = loop
    self.handler = handler
    moderator = CaptureModerator(handle.options.profile)
    unsafe context = .allocate(capacity: 1)
    unsafe context.initialize(
      to: handle.makeContext(handler))
    do {
      registration = try loop.register(handle.descriptor, [], self)
    } catch {
      throw .system(errno: error.errno, call: error.call)
    }
  }

  deinit { unsafe context.deallocate() }

  /// What was captured so far, without the frames that the previous handle had, too.
  var statistics: CaptureStatistics {
    var counted = handle.statistics
    let passed = unsafe context.pointee.passedCount
    counted.frames &-= passed
    counted.repeated = passed
    return counted
  }

  /// Whether it captures, and does not cut the frames that `wanted` asks for.
  func serves(_ wanted: PcapOptions) -> Bool { !hasFailed && handle.options.serves(wanted) }

  /// Removes the descriptor of a path that was never started.
  func abandon() {
    whenEnded = nil
    state = .draining(since: 0)
    end()
  }

  func setFilter(_ types: EtherTypeSet) throws(MiniportError) {
    guard case .draining = state else {
      try handle.setFilter(types)
      return
    }
  }

  // MARK: Exchanging

  /// Whether the time of its last frame is recorded from now on, for a successor.
  var notesTimes: Bool {
    get { isNotingTimes }
    set { isNotingTimes = newValue }
  }

  /// The time of the last frame delivered since times are recorded; 0 if there was none.
  var lastTimestamp: UInt64 { unsafe context.pointee.lastTimestamp }

  /// Starts delivering frames, after those up to `timestamp`.
  func start(behind timestamp: UInt64 = 0) {
    unsafe context.pointee.passedUntil = timestamp
    if case .waiting = state { state = .taking }
    if case .taking = state { watch(.read) }
    // Frames that arrived while it waited make the descriptor ready only once.
    loop.arm(timer, afterNanoseconds: 0)
  }

  /// Rejects further frames, reads what is left in the ring, counts, and removes the descriptor.
  ///
  /// - Parameters:
  ///   - isHeld: whether the receiver may leave frames in the ring for a moment
  ///   - whenEnded: called once, possibly before this returns; the handle must be closed then
  func retire(isHeld: Bool, whenEnded: @escaping () -> Void) {
    guard case .ended = state else {
      self.isHeld = isHeld
      let wasWaiting = if case .waiting = state { true } else { false }
      self.whenEnded = whenEnded
      state = .draining(since: monotonicNanoseconds())
      watch([])
      do throws(MiniportError) {
        try handle.shut()
        // A waiting path is drained after its predecessor: `start` is still to come.
        if !isLooking, !wasWaiting { look() }
      } catch {
        end()
      }
      return
    }
    whenEnded()
  }

  private func end() {
    guard case .draining = state else { return }
    state = .ended
    loop.disarm(timer)
    if let registration { loop.unregister(registration) }
    registration = nil
    if isAmongChunks || hasGathered { complete() }
    whenEnded.take()?()
  }

  // MARK: Looking

  func ready(_ events: Interest) {
    // A flap leaves an error behind, too; only the error of an interface that is gone is final.
    if events.contains(.error), !handle.isBound { isUnbound = true }
    look()
  }

  /// Takes the available frames, up to a few chunks, unless the receiver wants them left in the
  /// kernel's ring.
  private func look() {
    guard !isLooking else { return }
    switch state {
    case .waiting, .ended: return
    case .taking where hasFailed: return
    case .taking, .draining: break
    }
    loop.disarm(timer)
    let now = monotonicNanoseconds()
    if isHeld, handler.shouldHold(nowNanoseconds: now) {
      rest(Self.holdNanoseconds)
      return
    }
    let isGathering = if case .taking = state { now < gatheringEnd ?? 0 } else { false }
    do throws(MiniportError) {
      var (found, chunks) = (0, 0)
      repeat {
        found += try take(isGathering: isGathering)
        chunks += 1
      } while isAmongChunks && chunks < Self.chunksOfOneLook
        && !(isHeld && handler.shouldHold(nowNanoseconds: now))
      goOn(found: found, now)
    } catch {
      fail(error, now)
    }
  }

  /// Decides when to look again.
  private func goOn(found: Int, _ now: UInt64) {
    switch state {
    case .waiting, .ended: break
    case .draining(let since):
      let settled = since &+ handle.settleNanoseconds
      if isAmongChunks {
        loop.arm(timer, afterNanoseconds: 0)
      } else if now < settled {
        loop.arm(timer, afterNanoseconds: settled &- now)
      } else {
        end()
      }
    case .taking:
      guard !isUnbound || isAmongChunks else { return fail(.noSuchDevice, now) }
      let next = moderator.looked(
        found: found, isMore: isAmongChunks, atNanoseconds: now,
        mayNap: handler.mayNap(nowNanoseconds: now))
      let wasGathering = gatheringEnd
      gatheringEnd = nil
      switch next {
      case .watch:
        if hasGathered { complete() }
        watch(.read)
        // The descriptor may not become ready for the next look: the ring may be just empty.
        if isAmongChunks { loop.arm(timer, afterNanoseconds: 0) }
      case .nap(let nanoseconds): rest(nanoseconds)
      case .gather(let nanoseconds): gather(nanoseconds, now, wasGathering)
      }
    }
  }

  /// A look failed: the receiver is notified, unless it is about to lose all its paths.
  private func fail(_ error: MiniportError, _ now: UInt64) {
    hasFailed = true
    loop.disarm(timer)
    if hasGathered { complete() }
    switch state {
    case .waiting, .ended: break
    // libpcap fails when it finds the ring empty; a block may still be open.
    case .draining: goOn(found: 0, now)
    case .taking:
      watch([])
      handler.captureFailed(error)
    }
  }

  private func watch(_ interest: Interest) {
    if let registration { loop.modify(registration, interest) }
  }

  /// Out of epoll until the timer: a watched descriptor costs the sender a callback per frame.
  private func rest(_ nanoseconds: UInt64) {
    watch([])
    loop.arm(timer, afterNanoseconds: nanoseconds)
  }

  /// Watches on; frames in bulk wait until the timer, or until the time that they wait already.
  private func gather(_ nanoseconds: UInt64, _ now: UInt64, _ end: UInt64?) {
    let end = if let end, now < end { end } else { now &+ nanoseconds }
    gatheringEnd = end
    watch(.read)
    loop.arm(timer, afterNanoseconds: end &- now)
  }

  /// Takes a chunk, whatever the receiver prefers; while frames gather, readers with frames in bulk
  /// are served later.
  private func take(isGathering: Bool) throws(MiniportError) -> Int {
    isLooking = true
    defer { isLooking = false }
    do throws(MiniportError) {
      let (found, isStopped) = try dispatch()
      let wasAmongChunks = isAmongChunks
      isAmongChunks = isStopped || found >= Self.framesOfOneChunk
      if isAmongChunks {
        handler.chunkComplete()
      } else if isGathering, !wasAmongChunks {
        if found > 0 {
          hasGathered = true
          handler.receiveSparse()
        }
      } else if found > 0 || wasAmongChunks || hasGathered {
        complete()
      }
      return found
    } catch {
      // The frames before the failure must not wait for a look that may never come.
      complete()
      throw error
    }
  }

  private func complete() {
    isAmongChunks = false
    hasGathered = false
    handler.receiveComplete()
  }

  private func dispatch() throws(MiniportError) -> (count: Int, isStopped: Bool) {
    let count = Int32(Self.framesOfOneChunk)
    if unsafe context.pointee.passedUntil > 0 {
      let found = unsafe try handle.dispatch(atMost: count, context, passingCallback)
      let last = unsafe context.pointee.passedUntil &+ Self.disorderNanoseconds
      if lastTimestamp > last { unsafe context.pointee.passedUntil = 0 }
      return found
    }
    guard isNotingTimes else {
      return unsafe try handle.dispatch(atMost: count, context, captureCallback)
    }
    return unsafe try handle.dispatch(atMost: count, context, notingCallback)
  }
}
