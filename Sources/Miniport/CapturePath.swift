internal import NDIS
internal import Platform

/// One capture handle in a loop: looks at its ring when there is a reason to, and hands the frames
/// to the receiver.
///
/// - Thread: the loop's
/// - Ownership: the loop keeps it until `close`
@safe final class CapturePath: EventHandler {
  /// Frames taken at most before readers are looked at.
  static let maximumChunk = 512
  /// Full chunks taken at most before other descriptors of the loop are looked at.
  static let chunksOfOneLook = 4
  /// How long frames are left in the kernel's ring before it is asked again whether to.
  static let holdNanoseconds: UInt64 = 100_000

  private let loop: EventLoop
  private let handle: PcapHandle
  private let handler: ReceiveHandler
  private let context: UnsafeMutablePointer<CaptureContext>
  private let chunk: Int
  private var moderator: CaptureModerator
  private lazy var timer = LoopTimer { [unowned self] in look() }
  private var registration: Registration?
  private var isLooking = false
  /// The last chunk was full, and the receiver waits for the next one.
  private var isAmongChunks = false

  /// Opens the interface and watches for frames.
  init(
    _ options: PcapOptions, loop: EventLoop, handler: ReceiveHandler
  ) throws(MiniportError) {
    handle = try PcapHandle(options)
    self.loop = loop
    self.handler = handler
    chunk = options.chunk
    moderator = CaptureModerator(options.profile)
    unsafe context = .allocate(capacity: 1)
    unsafe context.initialize(
      to: CaptureContext(handler: .passUnretained(handler), direction: options.direction))
    do {
      registration = try loop.register(handle.descriptor, .read, self)
    } catch {
      throw .system(errno: error.errno, call: error.call)
    }
  }

  deinit { unsafe context.deallocate() }

  /// What was captured so far.
  var statistics: CaptureStatistics { handle.statistics }

  func setFilter(_ types: EtherTypeSet) throws(MiniportError) { try handle.setFilter(types) }

  // MARK: Looking

  func ready(_ events: Interest) { look() }

  /// Takes what is there, up to a few chunks, as long as the receiver would not rather have it left in
  /// the kernel's ring.
  private func look() {
    guard let registration, !isLooking else { return }
    loop.disarm(timer)
    let now = EventLoop.now()
    if handler.shouldHold(nowNanoseconds: now) {
      rest(registration, Self.holdNanoseconds)
      return
    }
    do throws(MiniportError) {
      var found = 0
      repeat {
        found += try take()
        // The receiver may have closed this path in a callback.
        guard self.registration != nil else { return }
      } while isAmongChunks && found < Self.chunksOfOneLook * chunk
        && !handler.shouldHold(nowNanoseconds: now)
      switch moderator.looked(found: found, isMore: isAmongChunks, atNanoseconds: now) {
      case .watch:
        loop.modify(registration, .read)
        // The descriptor need not be ready for the next look: the ring may be just empty.
        if isAmongChunks { loop.arm(timer, afterNanoseconds: 0) }
      case .nap(let nanoseconds): rest(registration, nanoseconds)
      }
    } catch {
      // What became of the interface is the watch's to say; polling on would spin.
      loop.modify(registration, [])
      handler.captureFailed(error)
    }
  }

  /// Out of epoll until the timer: a watched descriptor costs the sender a callback for each frame.
  private func rest(_ registration: Registration, _ nanoseconds: UInt64) {
    loop.modify(registration, [])
    loop.arm(timer, afterNanoseconds: nanoseconds)
  }

  /// Takes a chunk, whatever the receiver would rather.
  private func take() throws(MiniportError) -> Int {
    isLooking = true
    defer { isLooking = false }
    do throws(MiniportError) {
      let found = unsafe try handle.dispatch(atMost: Int32(clamping: chunk), context)
      let wasAmongChunks = isAmongChunks
      isAmongChunks = found >= chunk && registration != nil
      if isAmongChunks {
        handler.chunkComplete()
      } else if found > 0 || wasAmongChunks {
        handler.receiveComplete()
      }
      return found
    } catch {
      // What came before it is not to wait for a look that may never be.
      isAmongChunks = false
      handler.receiveComplete()
      throw error
    }
  }

  // MARK: Closing

  /// Takes what is left in the ring, counts, and forgets the descriptor.
  ///
  /// From within a callback of this very path nothing more is taken. The handle is closed when
  /// the last look has returned.
  func close() -> CaptureStatistics {
    guard let registration else { return handle.statistics }
    self.registration = nil
    loop.disarm(timer)
    loop.unregister(registration)
    if isLooking {
      handle.breakDispatch()
    } else {
      takeRest()
    }
    return handle.statistics
  }

  /// An error here is the end of the ring: the interface went first.
  private func takeRest() {
    do throws(MiniportError) {
      try handle.shut()
      while try take() > 0 {}
    } catch {}
    guard isAmongChunks else { return }
    isAmongChunks = false
    handler.receiveComplete()
  }
}
