internal import EventLoop
internal import NDIS

/// One capture handle in a loop: looks at its ring when there is a reason to, and hands the frames
/// to the receiver.
///
/// - Thread: the loop's
/// - Ownership: the loop keeps it until `close`
@safe final class CapturePath: EventHandler {
  /// Frames taken at most before readers are looked at.
  static let maximumChunk = 512
  /// No chunk is begun behind so many: the loop has other descriptors.
  static let maximumLook = 2048
  /// How long frames are left in the kernel's ring before it is asked again whether to.
  static let holdNanoseconds: UInt64 = 25_000

  private let loop: EventLoop
  private let handle: PcapHandle
  private let handler: ReceiveHandler
  private let context: UnsafeMutablePointer<CaptureContext>
  private let chunk: Int
  private var moderator: CaptureModerator
  private lazy var timer = LoopTimer { [unowned self] in look() }
  private var registration: Registration?
  private var isLooking = false

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

  /// Takes what is there, unless the receiver would rather have it left in the kernel's ring.
  private func look() {
    guard let registration, !isLooking else { return }
    let now = EventLoop.now()
    if handler.shouldHold(nowNanoseconds: now) {
      rest(registration, Self.holdNanoseconds)
      return
    }
    do throws(MiniportError) {
      let (found, isMore) = try take()
      // The receiver may have closed this path in a callback.
      guard self.registration != nil else { return }
      switch moderator.looked(found: found, isMore: isMore, atNanoseconds: now) {
      case .watch: loop.modify(registration, .read)
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

  /// Takes chunks until one is not full, or the receiver has a message's worth or no room for more.
  ///
  /// - Returns: how many frames there were, and whether more may be there
  private func take() throws(MiniportError) -> (found: Int, isMore: Bool) {
    isLooking = true
    defer { isLooking = false }
    var found = 0
    // Also of what came before an error.
    defer { if found > 0 { handler.receiveComplete() } }
    var isFull = true
    repeat {
      let count = unsafe try handle.dispatch(atMost: Int32(clamping: chunk), context)
      found &+= count
      isFull = count >= chunk
    } while isFull && found < Self.maximumLook && registration != nil && handler.wantsMore
      && !handler.shouldHold(nowNanoseconds: EventLoop.now())
    return (found, isFull)
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
      while try take().found > 0 {}
    } catch {}
  }
}
