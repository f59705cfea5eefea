public import MDL
public import NDIS
public import Platform

/// One Ethernet interface, captured through libpcap and sent on through a packet socket.
///
/// The interface is identified by its index: a rename changes nothing here, and an interface that
/// was deleted and created again under its old name is a different one.
///
/// Outgoing frames are captured by a second handle, which exists while an open wants them: libpcap
/// does not report the direction of a frame. Within one direction frames are in wire order; between
/// the two they are in the order in which the handles were looked at, which may differ by a chunk.
///
/// - Thread: all of it on the loop's; handles are opened and closed by helpers
/// - Ownership: `deactivate` and `close` have to be called; until then the loop keeps the sockets
/// - Windows: the miniport driver as NDIS presents it to a protocol
public final class PcapMiniport: MiniportAdapter, @unchecked Sendable {  // Confined to its loop.
  /// An activation in progress.
  private struct Activation {
    let number: UInt64
    let configuration: CaptureConfiguration
    var job: CaptureHelpers.Job?
    /// Directions whose handles are not open yet, or whose previous ones are not drained.
    var outstanding: Int
    let completion: (MiniportError?) -> Void
  }

  private let interfaceIndex: Int32
  private let loop: EventLoop
  private let helpers: CaptureHelpers
  private let starter: ThreadStarter
  private var handler: ReceiveHandler?
  private var sending: SendPath?
  private var incoming: CapturePath?
  private var outgoing: CapturePath?
  private var activation: Activation?
  private var lastNumber: UInt64 = 0
  private lazy var deadline = LoopTimer { [weak self] in self?.checkDeadline() }
  /// Paths that are drained, or wait to be.
  private var retiring: [ObjectIdentifier: CapturePath] = [:]
  /// The last retired path of each direction, for whatever reason: the next path follows it.
  private var lastRetired: [CaptureDirection: ObjectIdentifier] = [:]
  /// Starts the path that follows a drained one.
  private var successors: [ObjectIdentifier: (CapturePath) -> Void] = [:]
  private var whenRetired: [() -> Void] = []
  /// What closed handles counted.
  private var past = CaptureStatistics()

  /// Creates a miniport without sockets.
  ///
  /// - Parameters:
  ///   - attributes: the interface
  ///   - loop: the binding's
  ///   - helpers: open and close the handles of all bindings
  ///   - starter: starts their threads
  public init(
    _ attributes: AdapterAttributes, loop: EventLoop, helpers: CaptureHelpers,
    starter: @escaping ThreadStarter
  ) {
    interfaceIndex = attributes.interfaceIndex
    self.loop = loop
    self.helpers = helpers
    self.starter = starter
  }

  // MARK: Sending

  /// Opens the send socket; frames and reports go to `handler` from then on.
  ///
  /// - Throws: `MiniportError`; nothing stays open then
  public func open(handler: ReceiveHandler) throws(MiniportError) {
    loop.assertOnLoop()
    precondition(sending == nil, "a miniport was opened twice")
    sending = try SendPath(interfaceIndex: interfaceIndex, loop: loop, handler: handler)
    self.handler = handler
  }

  /// Makes frames skip the interface's queueing discipline, until the send socket closes.
  ///
  /// - Throws: `MiniportError`; frames go through the discipline as before then
  public func bypassQdisc() throws(MiniportError) { try sending?.bypassQdisc() }

  /// Whether the interface that was opened is gone, and another one has its index now.
  public var isReplaced: Bool {
    guard let sending, !sending.isBound else { return false }
    return sending.mtu != nil
  }

  /// Checks that frames may have a priority, 0 to 15.
  ///
  /// - Throws: `MiniportError` if the kernel refuses
  public func checkPriority(_ priority: UInt8) throws(MiniportError) {
    try sending?.setPriority(priority)
  }

  /// Sends frames, one segment of the chain each, in order, until one is refused.
  ///
  /// - Ownership: borrows the frames until it returns
  /// - Complexity: one system call for up to 64 frames, one more if the priority is not that of the
  ///   frames before; no allocation
  public func send(_ frames: MDLChain, priority: UInt8) -> SendProgress {
    sending?.send(frames, priority: priority) ?? SendProgress(sentCount: 0, failure: .netDown)
  }

  /// The interface's MTU as the kernel has it at this moment; nil if it cannot be read.
  public var currentMTU: UInt32? { sending?.mtu }

  /// Calls `handler.sendPossible()` once when the send socket is writable again.
  public func notifyWhenSendPossible() { sending?.notifyWhenSendPossible() }

  /// Closes the send socket.
  public func close() {
    loop.assertOnLoop()
    // The receiver keeps the miniport: a cycle would keep both, and their loop, alive forever.
    handler = nil
    guard let socket = sending.take()?.close() else { return }
    onHelper { socket.shut() }
  }

  // MARK: Activating

  /// Opens the capture handles that the configuration needs and that are missing.
  public func activate(
    _ configuration: CaptureConfiguration, completion: @escaping (MiniportError?) -> Void
  ) {
    loop.assertOnLoop()
    precondition(handler != nil, "a miniport was activated before it was opened")
    precondition(activation == nil, "a miniport was activated while it was being activated")
    let wanted = missing(configuration)
    guard !wanted.isEmpty else { return completion(nil) }
    lastNumber &+= 1
    let number = lastNumber
    activation = Activation(
      number: number, configuration: configuration, outstanding: wanted.count,
      completion: completion)
    for options in wanted { path(options.direction)?.notesTimes = true }
    let loop = self.loop
    activation?.job = helpers.submit(.open, of: interfaceIndex, starter: starter) { [weak self] in
      let made = PcapMiniport.make(wanted)
      // If the loop has ended, the handles are released here, on the helper's thread.
      loop.post { [weak self] in self?.made(made, number) }
    }
    guard activation?.job != nil else { return fail(.timedOut) }
    loop.arm(deadline, afterNanoseconds: HelperSchedule.deadlineNanoseconds)
  }

  /// The handles to open for a configuration.
  private func missing(_ configuration: CaptureConfiguration) -> [PcapOptions] {
    let directions: [CaptureDirection] =
      configuration.includesOutgoing ? [.incoming, .outgoing] : [.incoming]
    return directions.compactMap { direction in
      var options = PcapOptions(
        interfaceIndex: interfaceIndex, configuration, direction: direction)
      if let path = path(direction), path.serves(options) { return nil }
      options.mtu = max(options.mtu, currentMTU ?? 0)
      return options
    }
  }

  private func path(_ direction: CaptureDirection) -> CapturePath? {
    direction == .incoming ? incoming : outgoing
  }

  /// All handles, or none.
  ///
  /// - Thread: a helper's
  private static func make(_ wanted: [PcapOptions]) -> Result<[PcapHandle], MiniportError> {
    var handles: [PcapHandle] = []
    do throws(MiniportError) {
      for options in wanted { handles.append(try PcapHandle(options)) }
      return .success(handles)
    } catch {
      return .failure(error)
    }
  }

  private func made(_ made: Result<[PcapHandle], MiniportError>, _ number: UInt64) {
    guard let activation, activation.number == number else {
      // It came too late, or is no longer wanted.
      if case .success(let handles) = made { closeOnHelper(handles) }
      return
    }
    loop.disarm(deadline)
    switch made {
    case .failure(let error): fail(error)
    case .success(let handles): install(handles, activation.configuration, number)
    }
  }

  private func install(
    _ handles: [PcapHandle], _ configuration: CaptureConfiguration, _ number: UInt64
  ) {
    guard let handler else { return closeOnHelper(handles) }
    var paths: [CapturePath] = []
    do throws(MiniportError) {
      for handle in handles {
        let path = try CapturePath(handle, loop: loop, handler: handler)
        paths.append(path)
        try path.setFilter(configuration.etherTypes)
      }
    } catch {
      for path in paths { path.abandon() }
      closeOnHelper(handles)
      return fail(error)
    }
    for path in paths { replace(path, number) }
  }

  /// Makes a path follow the current one, or the last one still being drained: after its last
  /// frame.
  private func replace(_ path: CapturePath, _ number: UInt64) {
    let direction = path.handle.options.direction
    let former = self.path(direction)
    if direction == .incoming { incoming = path } else { outgoing = path }
    let predecessor = former.map { ObjectIdentifier($0) } ?? lastRetired[direction]
    guard let predecessor, former != nil || retiring[predecessor] != nil else {
      path.start()
      return installed(number)
    }
    successors[predecessor] = { [weak self] former in
      path.start(behind: former.lastTimestamp)
      self?.installed(number)
    }
    if let former { retire(former, isHeld: true) }
  }

  /// A handle of an activation captures; ignored if the activation was given up.
  private func installed(_ number: UInt64) {
    guard activation?.number == number else { return }
    activation?.outstanding -= 1
    guard let activation, activation.outstanding == 0 else { return }
    self.activation = nil
    activation.completion(nil)
  }

  private func fail(_ error: MiniportError) {
    loop.disarm(deadline)
    incoming?.notesTimes = false
    outgoing?.notesTimes = false
    activation.take()?.completion(error)
  }

  /// A helper takes too long for the job.
  private func checkDeadline() {
    guard let job = activation?.job else { return }
    switch helpers.progress(of: job, starter: starter) {
    case .overdue: fail(.timedOut)
    case .pending(let nanoseconds): loop.arm(deadline, afterNanoseconds: nanoseconds)
    case .ended: break
    }
  }

  // MARK: Changing

  /// Passes other types; frames of types in both sets are not lost.
  ///
  /// - Throws: `MiniportError`; the handles keep their filters then
  public func update(
    etherTypes: EtherTypeSet, includesOutgoing: Bool
  ) throws(MiniportError) {
    loop.assertOnLoop()
    if !includesOutgoing, activation == nil, let former = outgoing.take() {
      retire(former, isHeld: true)
    }
    try incoming?.setFilter(etherTypes)
    try outgoing?.setFilter(etherTypes)
  }

  // MARK: Counting

  /// What was captured since the first activation, both directions together.
  public var statistics: CaptureStatistics {
    var total = past
    for path in retiring.values { total += path.statistics }
    for path in [incoming, outgoing] { if let path { total += path.statistics } }
    return total
  }

  /// The capacity of the open handles, both directions together.
  public var ring: CaptureRing {
    var total = CaptureRing()
    for path in [incoming, outgoing] { if let path { total += path.handle.options.layout.ring } }
    return total
  }

  // MARK: Retiring

  /// Reads what is left in the rings, counts it, and closes the capture handles.
  public func deactivate(completion: @escaping () -> Void) {
    loop.assertOnLoop()
    loop.disarm(deadline)
    activation = nil
    whenRetired.append(completion)
    for path in [incoming.take(), outgoing.take()] {
      if let path { retire(path, isHeld: false) }
    }
    tellRetired()
  }

  private func retire(_ path: CapturePath, isHeld: Bool) {
    let id = ObjectIdentifier(path)
    retiring[id] = path
    lastRetired[path.handle.options.direction] = id
    path.retire(isHeld: isHeld) { [weak self] in
      guard let self else { return }
      past += path.statistics
      retiring[id] = nil
      closeOnHelper([path.handle])
      successors.removeValue(forKey: id)?(path)
      tellRetired()
    }
  }

  private func tellRetired() {
    guard retiring.isEmpty else { return }
    let told = whenRetired
    whenRetired = []
    for completion in told { completion() }
  }

  private func closeOnHelper(_ handles: [PcapHandle]) {
    onHelper { for handle in handles { handle.close() } }
  }

  /// Does the job here if no helper is available: during unload no frames move any more.
  private func onHelper(_ work: @escaping @Sendable () -> Void) {
    let job = helpers.submit(.close, of: interfaceIndex, starter: starter, work)
    if job == nil { work() }
  }
}

extension MiniportError {
  /// A helper did not finish in time.
  fileprivate static var timedOut: MiniportError {
    .system(errno: 110, call: "pcap_activate")
  }
}
