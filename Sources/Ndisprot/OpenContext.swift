internal import MDL
internal import NDIS
internal import WDF

/// One open of a binding: its filter, its place in the receive ring, its requests.
///
/// It is the context of an object below the session's file object: deleting the object closes the
/// open. It holds the binding's object until it is destroyed.
///
/// - Thread: the loop that has its session: the binding's, or control's if it moves no frames
/// - Windows: the open half of NDISPROT_OPEN_CONTEXT
/// - Source: `Ndisprot.docc/Rules.md` sections 5–7
public final class OpenContext: @unchecked Sendable {  // One loop's at a time.
  /// The number of the open, unique among all opens that the driver ever had.
  public let id: UInt64
  /// What was granted; a right that is lost narrows it.
  public internal(set) var options: OpenOptions
  /// The binding.
  public let binding: AdapterBinding
  /// Its place in the tree.
  let object: Ref<General>
  /// Keeps the binding's object from being destroyed.
  private var bindingHold: Hold?
  /// The session it belongs to.
  let file: Ref<FileObject>
  /// Who opened it.
  public let client: Credentials
  /// Where its reads wait, oldest first.
  let readQueue: Ref<Queue>
  /// Where its INDICATE_STATUS requests wait; nil until the first.
  var statusQueue: Ref<Queue>?
  /// Where its requests wait for which the card is asked; nil until the first.
  var cardQueue: Ref<Queue>?
  /// What the adapter said and nobody has asked for yet.
  var indications = EventQueue<StatusIndication>()
  /// Who takes the frames.
  unowned let requester: any Requester
  /// The way of its frames; nil if it moves none.
  weak var dataPath: BindingDataPath?

  /// Which frames it takes and may have; whoever changes it changes what waits, too.
  var filter: ReceiveFilter {
    didSet { filterChanged(from: oldValue) }
  }
  /// The policy took rights away, and nobody asked for another filter.
  var isRevoking = false
  /// What it may send in which time; nil if no rule limits that.
  var limiter: RateLimiter?
  /// Nil for an open that moves no frames.
  var cursor: ReceiveCursor?
  var groups = GroupList()
  /// What it will hear when the card has done what it was asked for, in the order of asking.
  var pendingHearings: [PendingSet] = []
  /// OID_GEN_CURRENT_LOOKAHEAD as it was set; the MTU until then.
  var lookahead: UInt32?
  /// Whether its own frames are looped back to it (W-20).
  var loopsBack: Bool
  var transmit = TransmitCounters()
  /// Writes that are not through, oldest first.
  var writes: [WriteOperation] = []
  /// Bytes that `writes` hold.
  var pendedWriteBytes = 0
  /// The client's socket was full; `resume` is due.
  var isDeliveryBlocked = false
  /// Its client has asked to read at all: of the many that never do nothing else is looked at.
  var hasRead = false
  /// A read of it waits until its message is fuller (`ReaderSet`).
  var isReadPutOff = false
  /// Bytes of records that the client's socket is known to take in one message.
  var deliveryByteLimit = Int.max
  /// A read was served, and the open has not been behind for too long since.
  var isReading = false
  /// How long readers have held the ring up without progress.
  var patience = ReaderPatience()
  /// The state of rule B-36: its binding is gone, and the session is still associated with it.
  private(set) var isDead = false
  /// What the binding captured while the open was there; nil for one that moves no frames.
  var offered: Offered?

  init(
    id: UInt64, options: OpenOptions, binding: AdapterBinding, bindingHold: consuming Hold,
    object: Ref<General>, file: Ref<FileObject>, client: Credentials, access: AccessGrant,
    readQueue: Ref<Queue>,
    requester: any Requester
  ) {
    self.object = object
    self.bindingHold = consume bindingHold
    self.id = id
    self.options = options
    self.binding = binding
    self.file = file
    self.client = client
    self.readQueue = readQueue
    self.requester = requester
    loopsBack = options.loopsBack
    filter = ReceiveFilter(
      etherTypes: options.etherTypes, packetFilter: .atOpen,
      includesOutgoing: options.flags.contains(.outgoing), access: access, owner: id)
    filter.setOwnAddress(binding.snapshot.attributes.address)
  }

  /// Follows the interface's address (D-37); what waits is judged anew only if it is another.
  func setOwnAddress(_ address: MACAddress) {
    if !filter.isOwn(address) { filter.setOwnAddress(address) }
  }

  /// The open outlives its binding as a dead one, until the session closes it (rule B-36).
  public func bindingGone() {
    isDead = true
    cancelStatuses()
    cancelCardWaits()
  }

  /// The last one to look at it: the binding is free to go.
  func releaseBinding() { bindingHold = nil }

  /// Whether frames go through it.
  var movesFrames: Bool { !options.etherTypes.isEmpty }
}
