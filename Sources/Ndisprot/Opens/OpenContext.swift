internal import MDL
internal import NDIS
internal import WDF

/// One open of a binding: its filter, its place in the receive ring, its requests.
///
/// It is the context of an object below the session's file object: deleting the object closes the
/// open. It keeps the binding's object alive until it is destroyed.
///
/// - Thread: the loop that has its session: the binding's, or control's if it moves no frames
/// - Windows: the open half of NDISPROT_OPEN_CONTEXT
/// - Source: `Ndisprot.docc/Rules.md` sections 5–7
public final class OpenContext: @unchecked Sendable {  // One loop's at a time.
  /// The number of the open, unique among all opens of the driver, past ones included.
  public let id: UInt64
  /// What was granted; losing a right narrows it.
  public internal(set) var options: OpenOptions
  /// The binding.
  public let binding: AdapterBinding
  /// Its place in the object tree.
  let object: Ref<General>
  /// Keeps the binding's object from being destroyed.
  private var bindingHold: Hold?
  /// The session it belongs to.
  let file: Ref<FileObject>
  /// The client that opened it.
  public let client: Credentials
  /// Its waiting reads, oldest first.
  let readQueue: Ref<Queue>
  /// Its waiting INDICATE_STATUS requests; nil until the first.
  var statusQueue: Ref<Queue>?
  /// Its requests that wait for the NIC; nil until the first.
  var cardQueue: Ref<Queue>?
  /// Indications of the adapter that no request has fetched yet.
  var indications = EventQueue<StatusIndication>()
  /// Receives the frames.
  unowned let requester: any RequestClient
  /// The path of its frames; nil if it moves none.
  weak var dataPath: BindingDataPath?

  /// The frames it wants and may have; a change applies to waiting frames, too.
  var filter: ReceiveFilter {
    didSet { filterChanged(from: oldValue) }
  }
  /// Set while the policy takes rights away, as opposed to the client asking for another filter.
  var isRevoking = false
  /// Limits how fast it may send; nil if no rule does.
  var limiter: RateLimiter?
  /// Nil for an open that moves no frames.
  var cursor: ReceiveCursor?
  var groups = GroupList()
  /// What it will receive when the NIC has followed, in the order of asking.
  var pendingHearings: [PendingSet] = []
  /// OID_GEN_CURRENT_LOOKAHEAD as it was set; the MTU until then.
  var lookahead: UInt32?
  /// Whether its own frames are looped back to it (W-20).
  var loopsBack: Bool
  var transmit = TransmitCounters()
  /// Writes that are not finished, oldest first.
  var writes: [WriteOperation] = []
  /// Bytes that `writes` hold.
  var pendedWriteBytes = 0
  /// The client's socket was full; `resume` is due.
  var isDeliveryBlocked = false
  /// Whether its client has ever issued a read: nothing else is examined of the many opens that
  /// never do.
  var hasRead = false
  /// A read of it waits until its message is fuller (`ReaderSet`).
  var isReadPutOff = false
  /// The most bytes of records that the client's socket is known to take in one message.
  var deliveryByteLimit = Int.max
  /// A read was served, and the open has not lagged for too long since.
  var isReading = false
  /// How long its readers have held the ring up without progress.
  var patience = ReaderPatience()
  /// Frames were delivered to it recently (`OpenPaces`), and how fast they arrive.
  var isPaced = false
  var pace: OpenPace?
  /// The state of rule B-36: the binding is gone, and the session is still associated with the
  /// open.
  private(set) var isDead = false
  /// What the binding captured during the life of the open; nil for an open that moves no frames.
  var offered: Offered?

  init(
    id: UInt64, options: OpenOptions, binding: AdapterBinding, bindingHold: consuming Hold,
    object: Ref<General>, file: Ref<FileObject>, client: Credentials, access: AccessGrant,
    readQueue: Ref<Queue>,
    requester: any RequestClient
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

  /// Applies the interface's address (D-37); waiting frames are judged again only if it differs.
  func setOwnAddress(_ address: MACAddress) {
    if !filter.isOwn(address) { filter.setOwnAddress(address) }
  }

  /// Keeps the open as a dead one, without its binding, until the session closes it (rule B-36).
  public func bindingGone() {
    isDead = true
    cancelStatuses()
    cancelCardWaits()
  }

  /// Releases the binding after the open's last access to it.
  func releaseBinding() { bindingHold = nil }

  /// Whether frames go through it.
  var movesFrames: Bool { !options.etherTypes.isEmpty }
}
