public import MDL
public import NDIS
public import WDF

/// The path of frames through one binding: connects its parts, and handles the miniport's
/// callbacks.
///
/// Created with the binding's thread for the first open that moves frames, and destroyed with it.
///
/// - Thread: everything on the binding's thread
/// - Source: `ndisprotd.docc/Architecture.md` sections 2, 4, 5
public final class BindingDataPath: ReceiveHandler, @unchecked Sendable {  // One thread's.
  /// The binding that the data path belongs to.
  public let binding: AdapterBinding
  private(set) var opens: [OpenContext] = []
  /// Keeps capture running while the opens want frames.
  let capture: CaptureSupervision
  /// Frames on their way to readers.
  let receivePath: ReceivePath
  /// Writes on their way to the wire.
  let transmitQueue: TransmitQueue
  /// What the opens need from the NIC's receive filter.
  let cardFilter: CardFilter
  /// How fast each user may send under each rule.
  private var buckets = RateBuckets()
  /// What the closed opens sent.
  private(set) var past = AdapterBinding.Totals()
  private let trace: BindingTrace
  /// Reads the kernel's counters while there is an open.
  private let reading: CounterReading
  /// Whether the binding has taken over these counts.
  private var isCounted = false

  /// Makes a data path without an open; nothing is captured yet.
  ///
  /// - Throws: `.noMemory` if there is none for the receive ring
  public init(
    binding: AdapterBinding, miniport: any MiniportAdapter, executor: any Executor,
    profile: CaptureProfile, captureRingByteCount: Int, receiveRingByteCount: Int,
    bypassesQdisc: Bool = false, writeBudget: PendingWriteBudget = PendingWriteBudget()
  ) throws(BindingError) {
    self.binding = binding
    trace = BindingTrace(binding)
    receivePath = try ReceivePath(
      byteCount: receiveRingByteCount, movesFrames: binding.snapshot.movesFrames, trace: trace)
    let capture = CaptureSupervision(
      binding, miniport, executor,
      CaptureSupervision.Settings(
        profile: profile, ringByteCount: captureRingByteCount, bypassesQdisc: bypassesQdisc))
    transmitQueue = TransmitQueue(
      miniport: miniport, receive: receivePath, executor: executor, budget: writeBudget,
      trace: trace)
    cardFilter = CardFilter(binding, executor: executor, trace: trace)
    reading = CounterReading(executor) { _ = capture.statistics }
    self.capture = capture
    super.init()
    capture.handler = self
  }

  /// Reports the state of the capture to `news`, on the binding's thread.
  public func onCaptureNews(_ news: @escaping (CaptureNews) -> Void) { capture.news = news }

  /// Replaces the capture ring with one of another size.
  public func resizeCapture(to byteCount: Int) { capture.resize(to: byteCount) }

  /// Checks that the interface is still the one that was bound; reports `CaptureNews.vanished` if
  /// not.
  public func checkInterface() { capture.check() }

  // MARK: Frames

  /// One captured frame.
  public override func receive(_ frame: ReceivedFrame) -> Bool { receivePath.receive(frame) }

  /// A chunk has ended; messages that are not full wait for the next one.
  public override func chunkComplete() { receivePath.chunkComplete() }

  /// Everything available was received.
  public override func receiveComplete() { receivePath.receiveComplete() }

  /// Frames wait in the kernel's ring while every reader is too far behind.
  public override func shouldHold(nowNanoseconds: UInt64) -> Bool {
    receivePath.shouldHold(nowNanoseconds: nowNanoseconds)
  }

  /// Frames go on coming; readers to which they come sparsely are served.
  public override func receiveSparse() { receivePath.receiveSparse() }

  /// Whether no reader would miss the moment for which frames may gather.
  public override func mayNap(nowNanoseconds: UInt64) -> Bool {
    receivePath.mayNap(nowNanoseconds: nowNanoseconds)
  }

  /// The send socket is writable again; pended writes continue at the end of this turn.
  public override func sendPossible() { transmitQueue.sendPossible() }

  /// The end of a turn of the loop: sends pended writes.
  ///
  /// - Returns: whether more could be sent at once
  public func sendPended() -> Bool { transmitQueue.sendPended() }

  /// A capture handle failed; sending goes on.
  public override func captureFailed(_ error: MiniportError) {
    trace.note(.ndis, "capture failed")
    capture.failed(error)
  }

  // MARK: Opens

  /// Adds an open, and starts capturing its EtherTypes.
  ///
  /// - Parameters:
  ///   - open: the open
  ///   - completion: called once, possibly before this returns: with nil, or with the error that
  ///     prevented the capture handle from being opened or changed; the caller must still remove
  ///     the open then
  func add(_ open: OpenContext, completion: @escaping (BindingError?) -> Void) {
    opens.append(open)
    receivePath.add(open)
    cardFilter.add(open)
    open.limiter = limiter(of: open)
    reading.start()
    trace.note(.ndis, "open", open, opens.count)
    capture.add(open.id, open.options, completion: completion)
  }

  /// Removes an open: its writes end, and it takes no more reads.
  func remove(_ open: OpenContext) {
    guard let index = opens.firstIndex(where: { $0 === open }) else { return }
    transmitQueue.cancelWrites(of: open, status: .sendCancelled)
    opens.remove(at: index)
    receivePath.remove(open)
    cardFilter.remove(open)
    transmitQueue.noteDrained(cancelledWrites: 0)
    past.add(sentBy: open)
    trace.note(.ndis, "close", open, opens.count)
    capture.remove(open.id, open.options)
  }

  /// What limits how fast an open sends; nil if nothing does.
  func limiter(of open: OpenContext) -> RateLimiter? {
    buckets.limiter(of: open.filter.access, userID: open.client.userID)
  }

  /// Changes or closes many opens: what they need from the NIC is computed once, after the last.
  public func changeMany(_ body: () -> Void) { cardFilter.changeMany(body) }

  // MARK: The interface

  /// The interface or the binding's state changed: applies the new address, power and state.
  public func attributesChanged(_ action: BindingStateMachine.Action) {
    let snapshot = binding.snapshot
    for open in opens { open.setOwnAddress(snapshot.attributes.address) }
    receivePath.setMovesFrames(snapshot.movesFrames)
    if action == .flushReceived { receivePath.flush() }
    capture.follow(snapshot)
  }

  /// Passes an indication of the adapter to every open (rule S-6, D-35).
  public func indicate(_ indication: StatusIndication) {
    trace.note(.ndis, "status")
    for open in opens { open.indicate(indication) }
  }

  /// Takes no more frames, and calls back when the pended writes are done (rule B-16).
  ///
  /// - Parameter completion: called once, on the binding's thread, with the number of writes
  ///   cancelled
  public func drain(_ completion: @escaping @Sendable (Int) -> Void) {
    attributesChanged(.drainSends)
    transmitQueue.drain(completion)
  }

  /// The binding is gone: everything that is pended completes, and the opens are dead.
  public func unbind() {
    // Opens that still wait for a handle are refused and removed.
    capture.refuse(.adapterNotFound)
    let gone = opens
    for open in gone {
      transmitQueue.cancelWrites(of: open, status: .adapterRemoved)
      receivePath.cancelReads(of: open, status: .adapterRemoved)
      receivePath.remove(open)
      open.bindingGone()
      past.add(sentBy: open)
    }
    opens.removeAll()
    cardFilter.removeAll()
    transmitQueue.noteDrained(cancelledWrites: 0)
    close()
  }

  /// Reads what is left in the ring, counts it, and closes the handles.
  ///
  /// - Parameter completion: called once, possibly before this returns, when everything is counted
  public func close(completion: @escaping () -> Void = {}) {
    trace.note(.ndis, "close")
    reading.stop()
    capture.close(refusing: .adapterNotFound) { [self] in
      if !isCounted {
        isCounted = true
        binding.keep(totals)
      }
      completion()
    }
  }
}
