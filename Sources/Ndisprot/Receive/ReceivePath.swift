internal import MDL
internal import NDIS
internal import Platform
internal import WDF

/// The way of frames from the capture handle to the readers of one binding: the receive ring, and
/// who is to be served from it.
///
/// Reads: recv.c of the sample. A read waits in its open's queue until the cursor finds a frame.
///
/// - Thread: everything on the binding's thread
/// - Source: `ndisprotd.docc/Architecture.md` section 2
final class ReceivePath {
  /// What is touched for every frame, behind one pointer: a stored property of a class costs a
  /// check a frame, and two of them cost more than the copy of a small one.
  private struct Hot: ~Copyable {
    var ring: ReceiveRing
    /// Captured frames since the path was made, dropped ones included.
    var frames: UInt64 = 0
    var bytes: UInt64 = 0
    var nonUnicast = NonUnicastCounters()
    /// Longer than what a handle keeps of a frame.
    var cut: UInt64 = 0
    /// Captured while the binding did not run.
    var stateDrops: UInt64 = 0
    var movesFrames: Bool
    /// Bytes appended since readers were last served.
    var unserved = 0
    /// Readers are served as soon as this much waits, in the middle of a dispatch too.
    var serveThreshold = 0
    /// Bytes of which readers were told since the last chunk ended.
    var dispatched = 0
    /// More frames follow at once, so that a message that is not full can wait for them.
    var isAmongChunks = false

    init(ring: consuming ReceiveRing, movesFrames: Bool) {
      self.ring = consume ring
      self.movesFrames = movesFrames
    }
  }

  /// The most for which a message that is not full waits: the largest message, but for its header
  /// and the last frame, so that all that waits fits.
  static let fullMessage = 126 << 10

  private let hot: HotCell<Hot>
  private var readers = ReaderSet()
  private let trace: BindingTrace

  /// Makes a path without readers.
  ///
  /// - Throws: `.noMemory` if there is none for the ring
  init(byteCount: Int, movesFrames: Bool, trace: BindingTrace) throws(BindingError) {
    self.trace = trace
    let ring = try ReceiveRing(byteCount: byteCount)
    hot = HotCell(Hot(ring: ring, movesFrames: movesFrames))
    setThreshold()
  }

  /// Bytes that one dispatch may append before readers are looked at: with what they may have left,
  /// and one frame more, it never overtakes them.
  var dispatchByteCount: Int { hot.value.ring.capacity / 4 }

  // MARK: Frames

  /// One captured frame: the one copy on its way to any number of clients.
  ///
  /// - Returns: false if readers are to be looked at before the next one
  @inline(__always) func receive(_ frame: ReceivedFrame) -> Bool {
    hot.value.frames &+= 1
    hot.value.bytes &+= UInt64(truncatingIfNeeded: frame.wireByteCount)
    var flags = FrameRecord.Flags(rawValue: frame.flags)
    if frame.isTruncated {
      hot.value.cut &+= 1
      flags.insert(.truncated)
    }
    if flags.contains(.outgoing) || frame.bytes.isToGroup {
      hot.value.nonUnicast.countReceived(frame)
    }
    guard hot.value.movesFrames else {
      hot.value.stateDrops &+= 1
      return true
    }
    let isKept = hot.value.ring.append(
      frame.bytes, originalByteCount: frame.wireByteCount,
      timestamp: frame.timestampNanoseconds,
      flags: flags)
    if !isKept { appendCut(frame) }
    hot.value.unserved &+= FrameRecord.byteCount(ofFrame: frame.bytes.byteCount)
    guard hot.value.unserved >= hot.value.serveThreshold else { return true }
    return serveInDispatch()
  }

  /// A frame that is longer than the whole ring.
  private func appendCut(_ frame: ReceivedFrame) {
    let room = hot.value.ring.capacity - FrameRecord.headerByteCount
    _ = hot.value.ring.append(
      frame.bytes.extracting(first: room), originalByteCount: frame.wireByteCount,
      timestamp: frame.timestampNanoseconds,
      flags: FrameRecord.Flags(rawValue: frame.flags).union(.truncated))
  }

  /// In the middle of a dispatch messages that are full leave.
  private func serveInDispatch() -> Bool {
    hot.value.dispatched &+= hot.value.unserved
    let mayGoOn = hot.value.dispatched < dispatchByteCount
    serve(mayWait: true)
    return mayGoOn
  }

  /// A chunk is over; messages that are not full wait for the next one.
  func chunkComplete() {
    trace.note(.receive, "chunk", nil, hot.value.unserved)
    hot.value.isAmongChunks = true
    hot.value.dispatched = 0
    serve(mayWait: true)
  }

  /// All that was there is received.
  func receiveComplete() {
    trace.note(.receive, "indicate", nil, hot.value.unserved)
    hot.value.isAmongChunks = false
    hot.value.dispatched = 0
    serve(mayWait: false)
  }

  /// Frames wait in the kernel's ring while every reader is so far behind that it may lose some.
  ///
  /// A reader is who has a read pended, or had one served not long ago: its reads may all be
  /// answered into a socket that it has not come to empty. Never for one slow client among several,
  /// and never longer than its patience without progress.
  func shouldHold(nowNanoseconds: UInt64) -> Bool {
    var isAnyHolding = false
    for open in readers.opens {
      guard open.hasRead, let cursor = open.cursor else { continue }
      let hasPendedReads = open.hasPendedReads
      guard open.isReading || hasPendedReads else { continue }
      // While a read is pended only what is overwritten is lost.
      let kept = hasPendedReads ? hot.value.ring.capacity : cursor.windowByteCount
      guard cursor.byteCountBehind(hot.value.ring, open.filter) > kept / 2 else {
        open.patience = ReaderPatience()
        return false
      }
      if open.patience.look(nowNanoseconds: nowNanoseconds) {
        isAnyHolding = true
      } else {
        open.isReading = false
      }
    }
    return isAnyHolding
  }

  /// A frame that its own open would hear is queued for it, before the write is answered (W-20).
  func loopBack(_ frame: RawSpan, of open: OpenContext) {
    let isQueued = hot.value.ring.append(
      frame, originalByteCount: frame.byteCount, timestamp: realtimeNanoseconds(),
      flags: .looped, loopedFor: open.id)
    guard isQueued else { return }
    open.cursor?.noteLooped()
    hot.value.unserved &+= 1
  }

  // MARK: Readers

  /// Adds an open, which sees what comes from now on.
  func add(_ open: OpenContext) {
    open.cursor = ReceiveCursor(
      at: hot.value.ring,
      windowByteCount: open.options.queueByteCount == 0 ? Int.max : open.options.queueByteCount,
      depth: open.options.flags.contains(.compat) ? 4 : nil)
    open.offered = OpenContext.Offered(
      framesBefore: hot.value.frames, stateDropsBefore: hot.value.stateDrops)
    readers.add(open)
    setThreshold()
  }

  /// Takes an open out: what waits is lost to it, and what it was offered stays what it is now.
  func remove(_ open: OpenContext) {
    guard readers.remove(open) else { return }
    open.cursor?.close(hot.value.ring, open.filter)
    open.offered?.end(frames: hot.value.frames, stateDrops: hot.value.stateDrops)
    setThreshold()
  }

  private func setThreshold() {
    let least = min(readers.smallestWindow / 2, dispatchByteCount)
    hot.value.serveThreshold = min(Self.fullMessage, least)
  }

  /// The filter of an open is another: what waits in the ring is judged anew.
  func filterChanged(of open: OpenContext, from old: ReceiveFilter) {
    guard !open.filter.judges(like: old) else { return }
    open.cursor?.change(
      hot.value.ring, from: old, to: open.filter, isRevoked: open.isRevoking)
  }

  /// Frames move, or are dropped from now on.
  func setMovesFrames(_ movesFrames: Bool) { hot.value.movesFrames = movesFrames }

  /// Forgets everything that waits: low power, pause.
  func flush() {
    for open in readers.opens { open.cursor?.flush(hot.value.ring, open.filter) }
  }

  // MARK: Serving

  /// Gives up what is beyond an open's limits, unless a read waits for it: before one comes, and
  /// before the open is counted.
  func trim(_ open: OpenContext) {
    guard !open.hasPendedReads else { return }
    open.cursor?.trim(hot.value.ring, open.filter)
  }

  /// Answers an open's new read, or its old ones when its socket has room again, unless more frames
  /// follow at once.
  func serve(_ open: OpenContext) {
    serve(open, mayWait: hot.value.isAmongChunks)
  }

  /// Answers reads if something was looped since readers were last served.
  func serveLooped() {
    if hot.value.unserved > 0 { serve(mayWait: false) }
  }

  /// Answers every pended read for which frames are there.
  ///
  /// - Parameter mayWait: more frames follow at once, so that a message that is not full can wait
  private func serve(mayWait: Bool) {
    hot.value.unserved = 0
    let came = hot.value.ring.lastSeen.signature
    // As it is now: an open may come or go in a completion.
    let readers = self.readers
    readers.forEach(wanting: came) { serve($0, mayWait: mayWait) }
    guard !mayWait else { return }
    for open in self.readers.takePutOff() { serve(open, mayWait: false) }
    hot.value.ring.readersServed()
  }

  /// Answers the reads of one open, oldest first, until frames, reads or the socket end.
  private func serve(_ open: OpenContext, mayWait: Bool) {
    guard let window = open.cursor?.windowByteCount else { return }
    // Never so much that frames would be held for this open.
    let enough = mayWait ? min(Self.fullMessage, window / 4) : 0
    while !open.isDeliveryBlocked, open.hasPendedReads {
      guard hot.value.ring.tail &- (open.cursor?.position ?? 0) >= enough else {
        readers.putOff(open)
        return
      }
      guard open.cursor?.hasFrames(hot.value.ring, open.filter) == true else { return }
      guard let request = (try? open.readQueue.retrieveNext()) ?? nil else { return }
      serve(request, of: open)
    }
  }

  private func serve(_ request: consuming OwnedRequest, of open: OpenContext) {
    let parameters = request.parameters
    switch hot.value.ring.deliver(to: open, parameters) {
    case .taken(let information):
      open.patience = ReaderPatience()
      open.isReading = true
      trace.note(.receive, "deliver", open, Int(truncatingIfNeeded: parameters.id), information)
      request.completeAnswered(RequestStatus(.success), information: information)
    case .blocked:
      open.isDeliveryBlocked = true
      trace.note(.receive, "blocked", open, Int(truncatingIfNeeded: parameters.id))
      // A request that cannot go back was cancelled or purged meanwhile, and is completed.
      _ = request.requeue()
    case .refused(let status, let bytesNeeded):
      trace.note(.receive, "refuse", open, Int(truncatingIfNeeded: parameters.id), bytesNeeded)
      request.complete(RequestStatus(status), information: 0, bytesNeeded: bytesNeeded)
    }
  }

  /// Completes every pended read of an open.
  func cancelReads(of open: OpenContext, status: CompletionStatus) {
    while let request = (try? open.readQueue.retrieveNext()) ?? nil {
      request.complete(RequestStatus(status))
    }
  }

  // MARK: Counters

  /// Judges what an open was offered, and what of it waits.
  func settle(_ open: OpenContext) {
    trim(open)
    open.cursor?.advance(hot.value.ring, open.filter)
    open.offered?.follow(frames: hot.value.frames, stateDrops: hot.value.stateDrops)
  }

  /// Adds what was received.
  func add(to totals: inout AdapterBinding.Totals) {
    totals.frames &+= hot.value.frames
    totals.bytes &+= hot.value.bytes
    totals.nonUnicast.add(hot.value.nonUnicast)
    totals.cut &+= hot.value.cut
  }
}

extension OpenContext {
  /// Whether a read waits.
  var hasPendedReads: Bool { readQueue.count > 0 }

  /// What the binding captured while the open was there: a difference of two of its counters, so
  /// that an open that wants none of it costs nothing (law D2).
  struct Offered {
    private let framesBefore: UInt64
    private let stateDropsBefore: UInt64
    private(set) var frames: UInt64 = 0
    private(set) var stateDrops: UInt64 = 0
    private var isOver = false

    init(framesBefore: UInt64, stateDropsBefore: UInt64) {
      self.framesBefore = framesBefore
      self.stateDropsBefore = stateDropsBefore
    }

    /// Follows the binding's counters.
    mutating func follow(frames: UInt64, stateDrops: UInt64) {
      guard !isOver else { return }
      self.frames = frames &- framesBefore
      self.stateDrops = stateDrops &- stateDropsBefore
    }

    /// The open is taken out: nothing more is offered to it.
    mutating func end(frames: UInt64, stateDrops: UInt64) {
      follow(frames: frames, stateDrops: stateDrops)
      isOver = true
    }
  }
}
