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
  /// The binding it belongs to.
  public let binding: AdapterBinding
  let miniport: any MiniportAdapter
  private(set) var opens: [OpenContext] = []
  /// Frames on their way to readers.
  let receivePath: ReceivePath
  /// Writes on their way to the wire.
  let transmitQueue: TransmitQueue
  /// What the opens want of the card's receive filter.
  let cardFilter: CardFilter
  /// How fast each user may send under each rule.
  private var buckets = RateBuckets()
  private var demand = CaptureDemand()
  /// What opens that are closed have sent.
  private(set) var past = AdapterBinding.Totals()
  private let trace: BindingTrace
  private let profile: CaptureProfile
  let captureRingByteCount: Int
  /// Calls back after a time; the loop's.
  private let executor: any Executor
  /// A handle was made before: the next one is made anew.
  private var wasActive = false
  /// The MTU when the handle was made.
  private var activeMTU: UInt32 = 0
  /// The binding has taken over what was counted here.
  private var isCounted = false
  /// Reads the kernel's counters while there is an open.
  private var reading: (any ScheduledWork)?

  /// Makes a data path without an open; nothing is captured yet.
  ///
  /// - Throws: `.noMemory` if there is none for the receive ring
  public init(
    binding: AdapterBinding, miniport: any MiniportAdapter, executor: any Executor,
    profile: CaptureProfile, captureRingByteCount: Int, receiveRingByteCount: Int,
    writeBudget: PendingWriteBudget = PendingWriteBudget()
  ) throws(BindingError) {
    self.binding = binding
    trace = BindingTrace(binding)
    self.miniport = miniport
    self.executor = executor
    self.profile = profile
    self.captureRingByteCount = captureRingByteCount
    receivePath = try ReceivePath(
      byteCount: receiveRingByteCount, movesFrames: binding.snapshot.movesFrames, trace: trace)
    transmitQueue = TransmitQueue(
      miniport: miniport, receive: receivePath, executor: executor, budget: writeBudget,
      trace: trace)
    cardFilter = CardFilter(binding, executor: executor, trace: trace)
    super.init()
  }

  // MARK: Frames

  /// One captured frame.
  public override func receive(_ frame: ReceivedFrame) -> Bool { receivePath.receive(frame) }

  /// A chunk is over; messages that are not full wait for the next one.
  public override func chunkComplete() { receivePath.chunkComplete() }

  /// All that was there is received.
  public override func receiveComplete() { receivePath.receiveComplete() }

  /// Frames wait in the kernel's ring while every reader is too far behind.
  public override func shouldHold(nowNanoseconds: UInt64) -> Bool {
    receivePath.shouldHold(nowNanoseconds: nowNanoseconds)
  }

  /// The send socket is writable again; the end of this turn goes on with what is pended.
  public override func sendPossible() { transmitQueue.sendPossible() }

  /// The end of a turn of the loop: sends pended writes.
  ///
  /// - Returns: whether more could be sent at once
  public func sendPended() -> Bool { transmitQueue.sendPended() }

  /// The capture handle failed; the interface watch knows what became of the interface.
  public override func captureFailed(_ error: MiniportError) {
    note(.ndis, "capture failed")
    miniport.deactivate()
    transmitQueue.sendPossible()
  }

  // MARK: Opens

  /// Adds an open, and lets its EtherTypes through.
  ///
  /// - Throws: what kept the capture handle from being made or changed; the open is not added
  func add(_ open: OpenContext) throws(BindingError) {
    opens.append(open)
    receivePath.add(open)
    cardFilter.add(open)
    open.limiter = limiter(of: open)
    readCountersLater()
    note(.ndis, "open", open, opens.count)
    let isMore = demand.add(open.options)
    do throws(MiniportError) {
      if isMore || !miniport.isActive { try followOpens() }
    } catch {
      _ = forget(open)
      throw .miniport(error)
    }
  }

  /// Takes an open out: its writes end, and its reads are done with.
  func remove(_ open: OpenContext) {
    transmitQueue.cancelWrites(of: open, status: .sendCancelled)
    let isLess = forget(open)
    transmitQueue.noteDrained(cancelledWrites: 0)
    past.add(sentBy: open)
    note(.ndis, "close", open, opens.count)
    // A filter that stays too wide costs a little and harms nobody: each open judges for itself.
    if isLess || !miniport.isActive { try? followOpens() }
  }

  /// - Returns: whether the capture handle lets through what nobody wants any more
  private func forget(_ open: OpenContext) -> Bool {
    guard let index = opens.firstIndex(where: { $0 === open }) else { return false }
    opens.remove(at: index)
    receivePath.remove(open)
    cardFilter.remove(open)
    return demand.remove(open.options)
  }

  /// What limits how fast an open sends; nil if nothing does.
  func limiter(of open: OpenContext) -> RateLimiter? {
    buckets.limiter(of: open.filter.access, userID: open.client.userID)
  }

  /// Changes or closes many opens: what they want of the card is looked at once, behind the last.
  public func changeMany(_ body: () -> Void) { cardFilter.changeMany(body) }

  /// Makes the capture handle what the opens together want.
  private func followOpens() throws(MiniportError) {
    let (types, includesOutgoing) = (demand.etherTypes, demand.includesOutgoing)
    if miniport.isActive {
      try miniport.update(etherTypes: types, includesOutgoing: includesOutgoing)
    } else if !opens.isEmpty {
      note(.ndis, "activate", nil, captureRingByteCount)
      try miniport.activate(
        CaptureConfiguration(
          profile: profile, ringByteCount: captureRingByteCount,
          dispatchByteCount: 2 * receivePath.dispatchByteCount, etherTypes: types,
          includesOutgoing: includesOutgoing),
        handler: self)
      activeMTU = binding.snapshot.attributes.mtu
      if wasActive { binding.noteReset() }
      wasActive = true
    }
  }

  // MARK: The interface

  /// The interface changed, or the binding's state did: follow the address, the power, the state.
  public func attributesChanged(_ action: BindingStateMachine.Action) {
    let snapshot = binding.snapshot
    for open in opens { open.setOwnAddress(snapshot.attributes.address) }
    receivePath.setMovesFrames(snapshot.movesFrames)
    if action == .flushReceived { receivePath.flush() }
    if miniport.isActive, snapshot.attributes.mtu > activeMTU {
      reactivate()
    }
    if snapshot.isPowered, !miniport.isActive, !opens.isEmpty {
      // It was down when it was last tried, or its MTU grew; if it fails the next change tries again.
      try? followOpens()
    }
  }

  /// Hands what the adapter said to every open (rule S-6, D-35).
  public func indicate(_ indication: StatusIndication) {
    note(.ndis, "status")
    for open in opens { open.indicate(indication) }
  }

  /// Makes the handle anew: its slots were sized for the old MTU, and longer frames would be cut.
  ///
  /// A pause of its own that loses nothing: what was received is the driver's already, and pended
  /// writes go on with the new handle. A binding that is paused for another reason stays so.
  private func reactivate() {
    let isOwnPause = binding.handle(.pause) == .drainSends
    if isOwnPause { _ = binding.handle(.drained) }
    miniport.deactivate()
    transmitQueue.sendPossible()
    try? followOpens()
    guard isOwnPause, binding.handle(.restart) == .restart else { return }
    _ = binding.handle(.restartSucceeded)
  }

  /// Takes no frames any more, and calls back when the pended writes are through (rule B-16).
  ///
  /// - Parameter completion: called once, on the binding's thread, with how many had to be cancelled
  public func drain(_ completion: @escaping @Sendable (Int) -> Void) {
    attributesChanged(.drainSends)
    transmitQueue.drain(completion)
  }

  /// The binding is gone: everything that is pended completes, and the opens are dead.
  public func unbind() {
    let gone = opens
    for open in gone {
      transmitQueue.cancelWrites(of: open, status: .adapterRemoved)
      receivePath.cancelReads(of: open, status: .adapterRemoved)
      receivePath.remove(open)
      open.bindingGone()
      past.add(sentBy: open)
    }
    opens.removeAll()
    demand = CaptureDemand()
    cardFilter.removeAll()
    transmitQueue.noteDrained(cancelledWrites: 0)
    close()
  }

  /// Takes what is left, counts it, and closes the handles.
  public func close() {
    if miniport.isActive {
      note(.ndis, "deactivate")
      miniport.deactivate()
    }
    reading?.cancel()
    reading = nil
    guard !isCounted else { return }
    isCounted = true
    binding.keep(totals)
  }

  // MARK: Counters

  /// How often the kernel's 32-bit counters are read at the least, so that none passes its end
  /// unseen (law D1).
  static let readingNanoseconds: UInt64 = 600_000_000_000

  private func readCountersLater() {
    guard reading == nil else { return }
    reading = executor.schedule(afterNanoseconds: BindingDataPath.readingNanoseconds) {
      [weak self] in self?.readCounters()
    }
  }

  private func readCounters() {
    reading = nil
    _ = miniport.statistics
    if !isCounted { readCountersLater() }
  }

  /// Notes an event of the binding, or of one of its opens, in the trace.
  func note(
    _ component: TraceComponent, _ name: StaticString, _ open: OpenContext? = nil,
    _ first: Int = 0, _ second: Int = 0
  ) {
    trace.note(component, name, open, first, second)
  }
}
