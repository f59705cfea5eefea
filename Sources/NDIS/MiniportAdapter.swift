public import MDL

/// Why a capture handle could not be opened or changed.
public enum MiniportError: Error, Hashable, Sendable {
  /// The interface is gone (PCAP_ERROR_NO_SUCH_DEVICE).
  case noSuchDevice
  /// The interface is down (PCAP_ERROR_IFACE_NOT_UP).
  case notUp
  /// CAP_NET_RAW is missing (PCAP_ERROR_PERM_DENIED).
  case permissionDenied
  /// The link type is not Ethernet.
  case notEthernet(linkType: Int32)
  /// libpcap takes the interface's name for something other than an interface, and it has no other
  /// usable name.
  case unopenableName(String)
  /// Another libpcap error, with its code and words.
  case capture(code: Int32, words: String)
  /// A system call failed.
  case system(errno: Int32, call: String)
}

/// Why the kernel did not accept a frame.
public enum SendFailure: Hashable, Sendable {
  /// The socket's buffer is full: wait until it is writable.
  case wouldBlock
  /// The interface's queue is full (ENOBUFS): retry within the budget.
  case noBuffers
  /// Longer than the interface can send.
  case tooLong
  /// The interface is down.
  case netDown
  /// The interface is gone.
  case gone
  /// Anything else.
  case other(errno: Int32)
}

/// The result of a send: frames are sent in order, so a count tells which.
public struct SendProgress: Hashable, Sendable {
  /// Frames that the kernel accepted, counted from the first.
  public var sentCount: Int
  /// Why the next frame was refused; nil if all were accepted.
  public var failure: SendFailure?

  /// Makes a result.
  public init(sentCount: Int, failure: SendFailure?) {
    self.sentCount = sentCount
    self.failure = failure
  }
}

/// What the capture handles counted since the first was opened, widened to 64 bits.
///
/// - Source: PACKET_STATISTICS; `frames` includes `drops` (`Ndisprot.docc/Linux.md` section 2)
public struct CaptureStatistics: Hashable, Sendable {
  /// Frames that passed the kernel's filter, dropped ones included; each once.
  public var frames: UInt64
  /// Frames that were lost because the kernel's ring was full.
  public var drops: UInt64
  /// Frames that a handle and its successor both captured; they are delivered once, and counted
  /// once in `frames`.
  public var repeated: UInt64

  /// Creates a set of counts.
  public init(frames: UInt64 = 0, drops: UInt64 = 0, repeated: UInt64 = 0) {
    self.frames = frames
    self.drops = drops
    self.repeated = repeated
  }

  /// Adds the counts of another handle.
  public static func += (left: inout CaptureStatistics, right: CaptureStatistics) {
    left.frames &+= right.frames
    left.drops &+= right.drops
    left.repeated &+= right.repeated
  }
}

/// The edge below a binding: one interface, for capturing and sending.
///
/// Sending and capturing are independent: the send socket exists from `open` to `close`, and shows
/// whether the interface is still the one that was bound; capture handles come and go.
///
/// - Thread: everything on the binding's thread, completions included
/// - Windows: the miniport driver as NDIS presents it to a protocol
public protocol MiniportAdapter: AnyObject {
  /// Opens the send socket; frames and reports go to `handler` from then on.
  ///
  /// - Throws: `MiniportError`; nothing stays open then
  func open(handler: ReceiveHandler) throws(MiniportError)

  /// Makes frames skip the interface's queueing discipline, until the send socket closes.
  ///
  /// - Throws: `MiniportError`; frames go through the discipline as before then
  func bypassQdisc() throws(MiniportError)

  /// Whether the interface that was opened is gone, and another one has its index now.
  ///
  /// The kernel unbinds packet sockets when an interface is deleted or leaves the namespace, and
  /// does not bind them again to a new one with the same index and name.
  var isReplaced: Bool { get }

  /// Opens the capture handles that the configuration needs and that are missing, on another
  /// thread.
  ///
  /// An existing handle captures until its successor does; no frame is lost or delivered twice.
  ///
  /// - Parameters:
  ///   - configuration: what all handles together have to capture
  ///   - completion: called once, possibly before this returns: when the new handles capture and
  ///     the former ones are drained, or with the error that kept them from opening: then the
  ///     existing ones stay. Not called if `deactivate` comes first
  func activate(
    _ configuration: CaptureConfiguration, completion: @escaping (MiniportError?) -> Void)

  /// Sets the EtherTypes of all opens, and stops capturing outgoing frames if no open wants them.
  func update(etherTypes: EtherTypeSet, includesOutgoing: Bool) throws(MiniportError)

  /// Checks that frames may have a priority, 0 to 15.
  ///
  /// - Throws: `MiniportError` if the kernel refuses
  func checkPriority(_ priority: UInt8) throws(MiniportError)

  /// Sends frames, one segment of the chain each, in order, until one is refused.
  ///
  /// - Parameters:
  ///   - frames: the frames
  ///   - priority: the priority of all of them in the interface's queues, 0 to 15
  /// - Returns: how many the kernel took, and why it refused the next
  /// - Ownership: borrows the frames until it returns
  /// - Complexity: one system call for up to 64 frames, one more if the priority is not that of the
  ///   frames before; no allocation
  func send(_ frames: MDLChain, priority: UInt8) -> SendProgress

  /// The interface's MTU as the kernel has it at this moment; nil if it cannot be read.
  var currentMTU: UInt32? { get }

  /// Calls `handler.sendPossible()` once when the send socket is writable again.
  func notifyWhenSendPossible()

  /// What the capture handles counted since the first activation.
  var statistics: CaptureStatistics { get }

  /// The capacity of the open capture handles.
  var ring: CaptureRing { get }

  /// Reads what is left in the rings, counts it, and closes the capture handles.
  ///
  /// - Parameter completion: called once, possibly before this returns, when everything is counted
  func deactivate(completion: @escaping () -> Void)

  /// Closes the send socket.
  func close()
}

/// The edge above a miniport: where frames and completions arrive.
///
/// A class, because the path of a frame allows no closure and no existential (13–40 ns each).
///
/// - Thread: the binding's thread
/// - Windows: ProtocolReceiveNetBufferLists, ProtocolSendNetBufferListsComplete
open class ReceiveHandler {
  /// Makes a handler.
  public init() {}

  /// One frame; borrowed until this returns.
  ///
  /// - Returns: false if readers have to be served before the next frame: the dispatch ends after
  ///   this one, as a full one does (`chunkComplete`)
  @discardableResult
  open func receive(_ frame: ReceivedFrame) -> Bool { true }

  /// A chunk has ended and more frames are available: `receive` or `receiveComplete` follows within
  /// a turn of the loop, or as soon as `shouldHold` no longer holds them.
  open func chunkComplete() { receiveComplete() }

  /// No more frames are available: time to serve readers.
  open func receiveComplete() {}

  /// Whether frames should stay in the kernel's ring for now.
  open func shouldHold(nowNanoseconds: UInt64) -> Bool { false }

  /// Frames go on coming, and it is time to serve readers to which they come sparsely.
  ///
  /// `receiveComplete` follows within a moment, for the others.
  open func receiveSparse() { receiveComplete() }

  /// Whether no reader would miss the moment for which frames may gather, to share a wake-up.
  open func mayNap(nowNanoseconds: UInt64) -> Bool { true }

  /// The send socket is writable again, after `notifyWhenSendPossible`.
  open func sendPossible() {}

  /// A capture handle failed, and captures no more; `deactivate` or a successful activation closes
  /// it.
  open func captureFailed(_ error: MiniportError) {}
}
