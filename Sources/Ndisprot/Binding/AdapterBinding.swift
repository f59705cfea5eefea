public import NDIS
internal import Platform
public import WDF

/// The protocol bound to one adapter: what is known of the interface, and its opens.
///
/// While a binding has no opens it costs no thread: the packet sockets, the rings and the thread
/// belong to its data path, which lives only while an open needs it.
///
/// It is the context of an object below the driver. Deleting the object unbinds; it is destroyed
/// when the last open and the thread have released it.
///
/// - Thread: any; guarded by one lock that is never held across a call out
/// - Windows: NDISPROT_OPEN_CONTEXT, ndisbind.c
public final class AdapterBinding: Sendable {
  /// One open, as the other opens of the binding see it.
  struct Claim: Sendable {
    let openID: UInt64
    var mode: OpenMode
    let etherTypes: EtherTypeSet
  }

  /// What the lock guards.
  struct Shared: Sendable {
    var attributes: AdapterAttributes
    var machine = BindingStateMachine()
    var claims: [Claim] = []
    var counted = Totals()
    var carrierChangeCount: UInt32 = 0
    var resetCount: UInt32 = 0
    var bindNanoseconds: UInt64 = 0
    var asked = AskedCounts()
  }

  /// Requests for which the NIC was queried.
  struct AskedCounts: Sendable {
    var asked: UInt64 = 0
    var timedOut: UInt64 = 0
  }

  /// Identifies the binding: the index outlives a rename.
  public let interfaceIndex: Int32
  /// Its place in the object tree; code that needs the binding to stay holds a reference to this.
  public let object: Ref<General>
  /// Queries the NIC; nil where there is no NIC to query.
  let card: (any NICQuerying)?
  private let shared: LockedValue<Shared>
  private let trace: TraceRing
  /// Belongs to the driver: no two opens, of any bindings, have the same number.
  private let numbers: OpenNumbers

  private init(
    _ attributes: AdapterAttributes, _ object: Ref<General>, _ numbers: OpenNumbers,
    _ card: (any NICQuerying)?
  ) {
    self.card = card
    self.numbers = numbers
    interfaceIndex = attributes.interfaceIndex
    self.object = object
    trace = object.framework.traceRing
    shared = LockedValue(Shared(attributes: attributes))
  }

  /// Makes a binding below the driver.
  ///
  /// `onUnbind` runs once, when the object is deleted, on the thread that deletes it.
  static func make(
    _ attributes: AdapterAttributes, under driver: Ref<Driver>, numbers: OpenNumbers,
    card: (any NICQuerying)? = nil,
    onUnbind: @escaping @Sendable (AdapterBinding) -> Void = { _ in }
  ) throws(WdfError) -> AdapterBinding {
    let context = Context<General, AdapterBinding>(
      make: { AdapterBinding(attributes, $0, numbers, card) },
      onCleanup: { _, binding in onUnbind(binding) })
    let object = try driver.makeChild("binding \(attributes.name)", context)
    return try object.withContext(AdapterBinding.self) { $0 }
  }

  /// A consistent look at the binding.
  public struct Snapshot: Sendable {
    /// What the kernel last reported.
    public let attributes: AdapterAttributes
    /// Where the binding is in its life cycle.
    public let state: BindingState
    /// Whether the interface is up.
    public let isPowered: Bool
    /// Whether frames move.
    public let movesFrames: Bool
    /// Whether requests that need the binding are accepted.
    public let isActive: Bool
    /// How many opens there are.
    public let openCount: Int
    /// How often the carrier changed since the bind.
    public let carrierChangeCount: UInt32
    /// How often the capture handle was reopened.
    public let resetCount: UInt32
    /// How long the bind took.
    public let bindNanoseconds: UInt64
  }

  /// What the data paths that no longer exist counted.
  struct Totals: Sendable {
    var kernel = CaptureStatistics()
    var frames: UInt64 = 0
    var bytes: UInt64 = 0
    var sent: UInt64 = 0
    var sentBytes: UInt64 = 0
    var nonUnicast = NonUnicastCounters()
    /// Frames that were cut.
    var cut: UInt64 = 0
    /// The capture ring of the current data path.
    var ring = CaptureRing()

    /// Adds the counts of another data path.
    mutating func add(_ other: Totals) {
      kernel += other.kernel
      frames &+= other.frames
      bytes &+= other.bytes
      sent &+= other.sent
      sentBytes &+= other.sentBytes
      nonUnicast.add(other.nonUnicast)
      cut &+= other.cut
      ring = other.ring
    }
  }

  /// What was counted before the current data path.
  var counted: Totals { shared.withLock { $0.counted } }

  /// Keeps what a data path counted when it closes.
  func keep(_ totals: Totals) { shared.withLock { $0.counted.add(totals) } }

  /// A consistent copy of everything.
  public var snapshot: Snapshot {
    shared.withLock {
      Snapshot(
        attributes: $0.attributes, state: $0.machine.state, isPowered: $0.machine.isPowered,
        movesFrames: $0.machine.movesFrames, isActive: $0.machine.isActive,
        openCount: $0.claims.count, carrierChangeCount: $0.carrierChangeCount,
        resetCount: $0.resetCount, bindNanoseconds: $0.bindNanoseconds)
    }
  }

  // One answer without a copy of the names and addresses that a snapshot carries.

  /// A number of four bytes that is known without asking; nil for an OID that is something else.
  func number(of oid: OID) -> UInt32? { shared.withLock { $0.number(of: oid) } }

  /// The same while requests that need the binding are accepted; else nil.
  func activeNumber(of oid: OID) -> UInt32? {
    shared.withLock { $0.machine.isActive ? $0.number(of: oid) : nil }
  }

  /// Where the binding is in its life cycle.
  var state: BindingState { shared.withLock { $0.machine.state } }

  /// Whether requests that need the binding are accepted.
  public var isActive: Bool { shared.withLock { $0.machine.isActive } }

  /// Requests for which the NIC was queried so far.
  var askedCounts: AskedCounts { shared.withLock { $0.asked } }

  /// Counts this many requests for which the NIC was queried.
  public func noteAsked() { shared.withLock { $0.asked.asked &+= 1 } }

  /// Counts one query that timed out.
  public func noteTimedOut() { shared.withLock { $0.asked.timedOut &+= 1 } }

  /// Counts one reopened capture handle.
  func noteReset() { shared.withLock { $0.resetCount &+= 1 } }

  /// The binding runs, this long after it was first wanted.
  func noteBound(afterNanoseconds nanoseconds: UInt64) {
    shared.withLock { $0.bindNanoseconds = nanoseconds }
  }

  /// Takes an event of the state machine.
  func handle(_ event: BindingStateMachine.Event) -> BindingStateMachine.Action {
    let (action, before, after) = shared.withLock { shared in
      let before = shared.machine.state
      return (shared.machine.handle(event), before, shared.machine.state)
    }
    trace.record(
      .ndis, event.traceName, object.id, scope: UInt32(bitPattern: interfaceIndex),
      UInt64(before.rawValue), UInt64(after.rawValue))
    return action
  }

  /// What follows from a report of the kernel.
  struct Update {
    /// The events that clients receive.
    var changes: [EventKind]
    /// The action after a change of power; `.none` if there was no change.
    var action: BindingStateMachine.Action
  }

  /// Applies what the kernel reported about the interface (D-37, D-38).
  @discardableResult
  func update(_ attributes: AdapterAttributes) -> Update {
    let (changes, hasChangedPower) = shared.withLock { shared in
      let changes = attributes.changes(since: shared.attributes)
      if attributes.link != shared.attributes.link { shared.carrierChangeCount &+= 1 }
      shared.attributes = attributes
      return (changes, attributes.isUp != shared.machine.isPowered)
    }
    return Update(
      changes: changes,
      action: hasChangedPower ? handle(attributes.isUp ? .powerOn : .powerLow) : .none)
  }

  /// Registers an open beside the existing ones, or refuses it.
  ///
  /// An exclusive open is the only one for its EtherTypes; an empty set conflicts with no other
  /// open.
  /// - Returns: the number of the open, which no other open has or had
  func claim(_ options: OpenOptions) throws(BindingError) -> UInt64 {
    let result = shared.withLock { shared -> Result<UInt64, BindingError> in
      guard shared.machine.isActive else { return .failure(.adapterNotFound) }
      for other in shared.claims
      where (options.mode == .exclusive || other.mode == .exclusive)
        && other.etherTypes.intersects(options.etherTypes)
      {
        return .failure(.busy)
      }
      let id = numbers.take()
      shared.claims.append(
        Claim(openID: id, mode: options.mode, etherTypes: options.etherTypes))
      return .success(id)
    }
    return try result.get()
  }

  /// An exclusive open has lost the right to be exclusive.
  func share(_ openID: UInt64) {
    shared.withLock { shared in
      for index in shared.claims.indices where shared.claims[index].openID == openID {
        shared.claims[index].mode = .shared
      }
    }
  }

  /// Releases a claim; unknown ones are ignored.
  func release(_ openID: UInt64) {
    shared.withLock { shared in shared.claims.removeAll { $0.openID == openID } }
  }
}
