public import MDL
public import NDIS
public import WDF

/// The way of frames through one binding: capture handle, receive ring, opens.
///
/// Made with the binding's thread when the first open that moves frames comes, and gone with it.
///
/// - Thread: everything on the binding's thread
/// - Source: `design.md` sections 2, 4, 5
@safe public final class BindingDataPath: ReceiveHandler, @unchecked Sendable {  // One thread's.
  /// What is touched for every frame, behind one pointer: a stored property of a class costs a
  /// check a frame, and two of them cost more than the copy of a small one.
  struct Hot: ~Copyable {
    var ring: ReceiveRing
    /// Captured frames since the data path was made, dropped ones included.
    var frames: UInt64 = 0
    var bytes: UInt64 = 0
    /// Those of both directions that are not to one station.
    var groups = GroupTraffic()
    /// Captured while the binding did not run.
    var stateDrops: UInt64 = 0
    var movesFrames: Bool
    /// Bytes appended since readers were last served.
    var unserved = 0
    /// More frames follow at once, so that a message that is not full can wait for them.
    var isAmongChunks = false

    init(ring: consuming ReceiveRing, movesFrames: Bool) {
      self.ring = consume ring
      self.movesFrames = movesFrames
    }
  }

  /// Readers are served as soon as this much waits, in the middle of a dispatch too: the largest
  /// message, but for its header and the last frame, so that all that waits fits.
  static let serveThreshold = 126 << 10
  /// How long frames wait in the kernel's ring for readers that make no progress.
  static let patienceNanoseconds: UInt64 = 20_000_000

  /// The binding it belongs to.
  public let binding: AdapterBinding
  let miniport: any MiniportAdapter
  let hot: HotCell<Hot>
  private(set) var opens: [OpenContext] = []
  /// What each of them asks for, side by side: looked at whenever frames came.
  private(set) var sketches: [TypeSketch] = []
  /// Has frames captured as long as the opens want them.
  let capture: CaptureSupervision
  /// What opens that are closed have sent.
  private(set) var past = AdapterBinding.Totals()
  let trace: TraceRing
  /// Calls back after a time; the loop's.
  let executor: any Executor
  /// The interface's queue was full; a timer says when to try again.
  var isRetryScheduled = false
  /// What the card was last asked for; nil if it did not do that, or nobody knows.
  var memberships: MembershipSet? = MembershipSet()
  /// Many opens are changed one after the other, and whether the card is to be asked behind them.
  var isChangingMany = false
  var mustAskCard = false
  /// How often it was asked and has not answered.
  var askedMemberships = 0
  /// The binding has taken over what was counted here.
  private var isCounted = false
  /// The send socket's buffer was full; the loop says when it is not.
  var isWaitingForRoom = false
  /// Bytes of all opens' messages with pended writes.
  var waitingWriteBytes = 0
  /// Which open's pended writes are looked at first in the next turn.
  var firstToSend = 0
  /// What all opens of the daemon may have waiting.
  let writeMemory: WriteMemory
  /// A write that is through, to be used again; it keeps its last message until then.
  var spareOperation: WriteOperation?
  /// How fast each user may send under each rule; made when the first such open comes.
  var buckets: [BucketKey: TokenBucket] = [:]
  /// A pause waits until the pended writes are through.
  var drain: Drain?
  /// Statuses of the message that is being sent.
  let statuses = StatusBuffer()

  /// Makes a data path without an open; nothing is captured yet.
  ///
  /// - Throws: `.noMemory` if there is none for the receive ring
  public init(
    binding: AdapterBinding, miniport: any MiniportAdapter, executor: any Executor,
    profile: CaptureProfile, captureRingByteCount: Int, receiveRingByteCount: Int,
    writeMemory: WriteMemory = WriteMemory()
  ) throws(BindingError) {
    self.binding = binding
    trace = binding.object.framework.traceRing
    self.miniport = miniport
    self.executor = executor
    self.writeMemory = writeMemory
    let ring = try ReceiveRing(byteCount: receiveRingByteCount)
    capture = CaptureSupervision(
      binding, miniport, executor,
      CaptureSupervision.Settings(
        profile: profile, ringByteCount: captureRingByteCount,
        dispatchByteCount: ring.capacity / 2))
    hot = HotCell(Hot(ring: ring, movesFrames: binding.snapshot.movesFrames))
    super.init()
    capture.handler = self
  }

  /// Hears what becomes of capturing, on the binding's thread.
  public func onCaptureNews(_ news: @escaping (CaptureNews) -> Void) { capture.news = news }

  /// Has the capture ring exchanged for one of another size.
  public func resizeCapture(to byteCount: Int) { capture.resize(to: byteCount) }

  /// Looks whether the interface is still the one that was bound; `CaptureNews.vanished` if not.
  public func checkInterface() { capture.check() }

  // MARK: Frames

  /// One captured frame: the one copy on its way to any number of clients.
  public override func receive(_ frame: ReceivedFrame) {
    hot.value.frames &+= 1
    hot.value.bytes &+= UInt64(truncatingIfNeeded: frame.wireByteCount)
    let flags = FrameRecord.Flags(rawValue: frame.flags)
    if flags.contains(.outgoing) || frame.bytes.isToGroup { countReceived(frame) }
    guard hot.value.movesFrames else {
      hot.value.stateDrops &+= 1
      return
    }
    _ = hot.value.ring.append(
      frame.bytes, originalByteCount: frame.wireByteCount,
      timestamp: frame.timestampNanoseconds,
      flags: frame.isTruncated ? flags.union(.truncated) : flags)
    hot.value.unserved &+= FrameRecord.byteCount(ofFrame: frame.bytes.byteCount)
    if hot.value.unserved >= BindingDataPath.serveThreshold { serveReads(mayWait: true) }
  }

  /// A chunk is over; messages that are not full wait for the next one.
  public override func chunkComplete() {
    note(.receive, "chunk", nil, hot.value.unserved)
    hot.value.isAmongChunks = true
    serveReads(mayWait: true)
  }

  /// All that was there is received.
  public override func receiveComplete() {
    note(.receive, "indicate", nil, hot.value.unserved)
    hot.value.isAmongChunks = false
    serveReads()
  }

  /// Frames wait in the kernel's ring while every reader is more than half a ring behind.
  ///
  /// A reader is who has a read pended, or had one served not long ago: its reads may all be
  /// answered into a socket that it has not come to empty. Never for one slow client among several,
  /// and never longer than `patienceNanoseconds` without progress.
  public override func shouldHold(nowNanoseconds: UInt64) -> Bool {
    var isAnyHolding = false
    for open in opens {
      guard open.hasRead, open.isReading || open.hasPendedReads, let cursor = open.cursor else {
        continue
      }
      let behind = cursor.byteCountBehind(hot.value.ring, open.filter)
      guard behind > cursor.windowByteCount / 2 else {
        open.behindSince = 0
        return false
      }
      if open.behindSince == 0 { open.behindSince = nowNanoseconds }
      if nowNanoseconds &- open.behindSince < BindingDataPath.patienceNanoseconds {
        isAnyHolding = true
      } else {
        open.isReading = false
      }
    }
    return isAnyHolding
  }

  /// The send socket is writable again; the end of this turn goes on with what is pended.
  public override func sendPossible() { isWaitingForRoom = false }

  /// A capture handle failed; sending goes on.
  public override func captureFailed(_ error: MiniportError) {
    note(.ndis, "capture failed")
    capture.failed(error)
  }

  // MARK: Opens

  /// Adds an open, and has its EtherTypes captured.
  ///
  /// - Parameters:
  ///   - open: the open
  ///   - completion: called once, maybe at once: with nil, or with what kept the capture handle from
  ///     being made or changed; the open is still to be removed then
  func add(_ open: OpenContext, completion: @escaping (BindingError?) -> Void) {
    open.cursor = ReceiveCursor(
      at: hot.value.ring,
      windowByteCount: open.options.queueByteCount == 0
        ? Int.max : max(open.options.queueByteCount, 4096),
      depth: open.options.flags.contains(.compat) ? 4 : nil)
    open.framesAtOpen = hot.value.frames
    open.stateDropsAtOpen = hot.value.stateDrops
    open.limiter = limiter(of: open)
    opens.append(open)
    sketches.append(open.filter.sketch)
    note(.ndis, "open", open, opens.count)
    capture.add(open.id, open.options, completion: completion)
  }

  /// Takes an open out; its reads and writes are done with.
  func remove(_ open: OpenContext) {
    guard let index = opens.firstIndex(where: { $0 === open }) else { return }
    opens.remove(at: index)
    sketches.remove(at: index)
    noteDrained(cancelledWrites: 0)
    past.add(sentBy: open)
    note(.ndis, "close", open, opens.count)
    giveBackMemberships()
    capture.remove(open.id, open.options)
  }

  // MARK: The interface

  /// The interface changed, or the binding's state did: follow the address, the power, the state.
  public func attributesChanged(_ action: BindingStateMachine.Action) {
    let snapshot = binding.snapshot
    for open in opens { open.filter.setOwnAddress(snapshot.attributes.address) }
    hot.value.movesFrames = snapshot.movesFrames
    if action == .flushReceived { flush() }
    capture.follow(snapshot)
  }

  /// Hands what the adapter said to every open (rule S-6, D-35).
  public func indicate(_ indication: StatusIndication) {
    note(.ndis, "status")
    for open in opens { open.indicate(indication) }
  }

  private func flush() {
    for open in opens { open.cursor?.flush(hot.value.ring, open.filter) }
  }

  /// The binding is gone: everything that is pended completes, and the opens are dead.
  public func unbind() {
    // Opens that still wait for a handle are refused, and go.
    capture.refuse(.adapterNotFound)
    let gone = opens
    for open in gone {
      cancelWrites(of: open, status: .adapterRemoved)
      cancelReads(of: open, status: .adapterRemoved)
      open.cursor?.close(hot.value.ring, open.filter)
      open.bindingGone()
      past.add(sentBy: open)
    }
    opens.removeAll()
    sketches.removeAll()
    giveBackMemberships()
    noteDrained(cancelledWrites: 0)
    close()
  }

  /// Takes what is left, counts it, and has the handles closed.
  ///
  /// - Parameter completion: called once, maybe at once, when everything is counted
  public func close(completion: @escaping () -> Void = {}) {
    note(.ndis, "close")
    capture.close(refusing: .adapterNotFound) { [self] in
      if !isCounted {
        isCounted = true
        binding.keep(totals)
      }
      completion()
    }
  }
}
