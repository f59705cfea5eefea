internal import MDL
internal import NDIS
internal import Platform
internal import WDF

/// The path of frames from the capture handle to the readers of one binding: the receive ring, and
/// the readers to be served from it.
///
/// Reads: recv.c of the sample. A read waits in its open's queue until the cursor finds a frame.
///
/// - Thread: everything on the binding's thread
/// - Source: `ndisprotd.docc/Architecture.md` section 2
final class ReceivePath {
  /// What is accessed for every frame, behind one pointer: a stored property of a class costs a
  /// check per frame, and two of them cost more than the copy of a small one.
  private struct Hot: ~Copyable {
    var ring: ReceiveRing
    /// Bytes on the wire of captured frames since the path was created, dropped ones included.
    var bytes: UInt64 = 0
    /// Readers are served as soon as the ring ends here, even in the middle of a dispatch.
    private(set) var serveAt = 0
    /// Where the ring ended when readers were last served.
    private var served = 0
    /// The distance of `serveAt` from there.
    private var serveThreshold = 0
    /// Where the ring ended when the last chunk did.
    var dispatchStart = 0
    /// More frames follow at once, so that a message that is not full can wait for them.
    var isAmongChunks = false
    /// More follow in a moment: messages of opens with frames in bulk can wait for them.
    var isGathering = false
    /// Frames were looped back since readers were last served.
    var hasLooped = false
    var movesFrames: Bool
    /// Frames that are longer than what a handle keeps.
    var cut: UInt64 = 0
    /// Frames captured while the binding did not run.
    var stateDrops: UInt64 = 0
    private var nonUnicast = NonUnicastCounters()
    /// The kind of the frames appended since `runStart`; they are counted when another kind arrives.
    private var runKind: NonUnicastCounters.Kind?
    private var runStart = TrafficCounts.Pair()

    /// Captured frames since the path was created, dropped ones included.
    var frames: UInt64 { ring.tailNumber &+ stateDrops }

    /// Bytes appended since readers were last served.
    var unserved: Int { ring.tail &- served }

    mutating func setThreshold(_ byteCount: Int) {
      serveThreshold = byteCount
      serveAt = served &+ byteCount
    }

    mutating func noteServed() {
      served = ring.tail
      serveAt = served &+ serveThreshold
    }

    /// Counts the frames of the run by their destination.
    mutating func endRun() {
      let end = TrafficCounts.Pair(frames: frames, bytes: bytes)
      if let runKind { nonUnicast.countReceived(runKind, end - runStart) }
      runStart = end
    }

    /// Begins a run with a frame that is not like the one before it.
    mutating func beginRun(_ frame: ReceivedFrame) {
      endRun()
      bytes &+= UInt64(truncatingIfNeeded: frame.wireByteCount)
      runKind = NonUnicastCounters.Kind(captured: frame)
    }

    /// The frames so far by their destination.
    mutating func countedNonUnicast() -> NonUnicastCounters {
      endRun()
      return nonUnicast
    }

    init(ring: consuming ReceiveRing, movesFrames: Bool) {
      self.ring = consume ring
      self.movesFrames = movesFrames
    }
  }

  /// The most bytes for which a message that is not full waits: the largest message without its
  /// header and the last frame, so that everything fits.
  static let fullMessage = 126 << 10

  private let hot: HotCell<Hot>
  private var readers = ReaderSet()
  private var paces = OpenPaces()
  private let trace: BindingTrace

  /// Creates a path without readers.
  ///
  /// - Throws: `.noMemory` if the ring cannot be allocated
  init(byteCount: Int, movesFrames: Bool, trace: BindingTrace) throws(BindingError) {
    self.trace = trace
    let ring = try ReceiveRing(byteCount: byteCount)
    hot = HotCell(Hot(ring: ring, movesFrames: movesFrames))
    setThreshold()
  }

  /// Bytes that one dispatch may append before readers are served: together with what they may have
  /// left, and one more frame, this never overwrites unread records.
  var dispatchByteCount: Int { hot.value.ring.capacity / 4 }

  // MARK: Frames

  /// One captured frame: makes the only copy on its way to any number of clients.
  ///
  /// - Returns: false if readers have to be served before the next frame
  @inline(__always) func receive(_ frame: ReceivedFrame) -> Bool {
    guard hot.value.ring.appendAlike(frame) else { return receiveUnlike(frame) }
    hot.value.bytes &+= UInt64(truncatingIfNeeded: frame.wireByteCount)
    guard hot.value.ring.tail >= hot.value.serveAt else { return true }
    return serveInDispatch()
  }

  /// A frame that is not like the one before it, or has no place in one piece.
  @inline(never) private func receiveUnlike(_ frame: ReceivedFrame) -> Bool {
    hot.value.beginRun(frame)
    var flags = FrameRecord.Flags(rawValue: frame.flags)
    if frame.isTruncated {
      hot.value.cut &+= 1
      flags.insert(.truncated)
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
    guard hot.value.ring.tail >= hot.value.serveAt else { return true }
    return serveInDispatch()
  }

  /// Appends a frame that is longer than the whole ring.
  private func appendCut(_ frame: ReceivedFrame) {
    let room = hot.value.ring.capacity - FrameRecord.headerByteCount
    _ = hot.value.ring.append(
      frame.bytes.extracting(first: room), originalByteCount: frame.wireByteCount,
      timestamp: frame.timestampNanoseconds,
      flags: FrameRecord.Flags(rawValue: frame.flags).union(.truncated))
  }

  /// In the middle of a dispatch only full messages are sent.
  private func serveInDispatch() -> Bool {
    let mayGoOn = hot.value.ring.tail &- hot.value.dispatchStart < dispatchByteCount
    serve(mayWait: true)
    return mayGoOn
  }

  /// A chunk has ended; messages that are not full wait for the next one.
  func chunkComplete() {
    trace.note(.receive, "chunk", nil, hot.value.unserved)
    hot.value.isAmongChunks = true
    hot.value.dispatchStart = hot.value.ring.tail
    serve(mayWait: true)
  }

  /// Everything available was received, and more follows in a moment: only messages of opens with
  /// frames in bulk wait for it.
  func receiveSparse() {
    trace.note(.receive, "sparse", nil, hot.value.unserved)
    hot.value.isAmongChunks = false
    hot.value.isGathering = true
    hot.value.dispatchStart = hot.value.ring.tail
    if hot.value.ring.tail >= hot.value.serveAt { hot.value.noteServed() }
    let came = hot.value.ring.lastSeen.signature
    let readers = self.readers
    readers.forEach(wanting: came) { serve($0, mayWait: $0.isBulk) }
  }

  /// Everything available was received.
  func receiveComplete() {
    trace.note(.receive, "indicate", nil, hot.value.unserved)
    hot.value.isAmongChunks = false
    hot.value.isGathering = false
    hot.value.dispatchStart = hot.value.ring.tail
    serve(mayWait: false)
  }

  /// Whether frames stay in the kernel's ring because every reader lags so far that it may lose
  /// some.
  ///
  /// A reader is an open that has a read pended, or had one served recently: all its reads may be
  /// answered into a socket that it has not emptied yet. Never holds for one slow client among
  /// several, and never longer than the reader's patience without progress.
  func shouldHold(nowNanoseconds: UInt64) -> Bool {
    var isAnyHolding = false
    for open in readers.opens {
      guard open.hasRead, let cursor = open.cursor else { continue }
      let hasPendedReads = open.hasPendedReads
      guard open.isReading || hasPendedReads else { continue }
      // While a read is pended only overwritten records are lost.
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

  /// Whether frames may gather in the kernel's ring for a moment: all of them come in bulk.
  func mayNap(nowNanoseconds: UInt64) -> Bool { paces.areBulk(nowNanoseconds: nowNanoseconds) }

  /// A frame that its own open would receive is queued for it, before the write is answered (W-20).
  func loopBack(_ frame: RawSpan, of open: OpenContext) {
    let isQueued = hot.value.ring.append(
      frame, originalByteCount: frame.byteCount, timestamp: realtimeNanoseconds(),
      flags: .looped, loopedFor: open.id)
    guard isQueued else { return }
    open.cursor?.noteLooped()
    hot.value.hasLooped = true
  }

  // MARK: Readers

  /// Adds an open, which receives frames from now on.
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

  /// Removes an open: its waiting records are lost, and its `offered` counts are final.
  func remove(_ open: OpenContext) {
    guard readers.remove(open) else { return }
    paces.remove(open)
    open.cursor?.close(hot.value.ring, open.filter)
    open.offered?.end(frames: hot.value.frames, stateDrops: hot.value.stateDrops)
    setThreshold()
  }

  private func setThreshold() {
    let least = min(readers.smallestWindow / 2, dispatchByteCount)
    hot.value.setThreshold(min(Self.fullMessage, least))
  }

  /// The filter of an open changed: waiting records in the ring are judged again.
  func filterChanged(of open: OpenContext, from old: ReceiveFilter) {
    guard !open.filter.judges(like: old) else { return }
    open.cursor?.change(
      hot.value.ring, from: old, to: open.filter, isRevoked: open.isRevoking)
  }

  /// Frames move, or are dropped, from now on.
  func setMovesFrames(_ movesFrames: Bool) {
    hot.value.movesFrames = movesFrames
    // Only frames that are not alike are checked for it.
    hot.value.ring.forgetNewest()
  }

  /// Drops all waiting records: low power, pause.
  func flush() {
    for open in readers.opens { open.cursor?.flush(hot.value.ring, open.filter) }
  }

  // MARK: Serving

  /// Drops what exceeds an open's limits, unless a read waits for it: before a read arrives, and
  /// before the open is counted.
  func trim(_ open: OpenContext) {
    guard !open.hasPendedReads else { return }
    open.cursor?.trim(hot.value.ring, open.filter)
  }

  /// Answers an open's new read, or its old ones when its socket has room again, unless more frames
  /// follow at once.
  func serve(_ open: OpenContext) {
    serve(open, mayWait: hot.value.isAmongChunks || (hot.value.isGathering && open.isBulk))
  }

  /// Answers reads if a frame was looped since readers were last served.
  func serveLooped() {
    if hot.value.hasLooped { serve(mayWait: false) }
  }

  /// Answers every pended read for which frames are available.
  ///
  /// - Parameter mayWait: whether more frames follow at once, so that a message that is not full
  ///   can wait
  private func serve(mayWait: Bool) {
    hot.value.hasLooped = false
    // Records of a message that waits count until it is full: then all of them fit.
    if !mayWait || hot.value.ring.tail >= hot.value.serveAt { hot.value.noteServed() }
    let came = hot.value.ring.lastSeen.signature
    // A copy: opens may be added or removed in a completion.
    let readers = self.readers
    readers.forEach(wanting: came) { serve($0, mayWait: mayWait) }
    guard !mayWait else { return }
    for open in self.readers.takePutOff() { serve(open, mayWait: false) }
    hot.value.ring.readersServed()
  }

  /// Answers the reads of one open, oldest first, until it runs out of frames, reads or room in the
  /// socket.
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
      paces.noteServed(open)
      trace.note(.receive, "deliver", open, Int(truncatingIfNeeded: parameters.id), information)
      request.completeAnswered(RequestStatus(.success), information: information)
    case .blocked:
      open.isDeliveryBlocked = true
      trace.note(.receive, "blocked", open, Int(truncatingIfNeeded: parameters.id))
      // A request that cannot be put back was cancelled or purged meanwhile, and is completed.
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

  /// Judges the frames offered to an open, including those that wait.
  func settle(_ open: OpenContext) {
    trim(open)
    open.cursor?.advance(hot.value.ring, open.filter)
    open.offered?.follow(frames: hot.value.frames, stateDrops: hot.value.stateDrops)
  }

  /// Adds the receive counters.
  func add(to totals: inout AdapterBinding.Totals) {
    totals.frames &+= hot.value.frames
    totals.bytes &+= hot.value.bytes
    totals.nonUnicast.add(hot.value.countedNonUnicast())
    totals.cut &+= hot.value.cut
  }
}

extension OpenContext {
  /// Whether a read waits.
  var hasPendedReads: Bool { readQueue.count > 0 }

  /// What the binding captured during the life of the open: the difference of two of its counters,
  /// so that an open that wants none of it costs nothing (law D2).
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

    /// Updates from the binding's counters.
    mutating func follow(frames: UInt64, stateDrops: UInt64) {
      guard !isOver else { return }
      self.frames = frames &- framesBefore
      self.stateDrops = stateDrops &- stateDropsBefore
    }

    /// The open is removed: nothing more is offered to it.
    mutating func end(frames: UInt64, stateDrops: UInt64) {
      follow(frames: frames, stateDrops: stateDrops)
      isOver = true
    }
  }
}
