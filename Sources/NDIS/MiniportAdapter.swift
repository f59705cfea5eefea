public import MDL

/// Why a capture handle could not be made or changed.
public enum MiniportError: Error, Hashable, Sendable {
  /// The interface is gone (PCAP_ERROR_NO_SUCH_DEVICE).
  case noSuchDevice
  /// The interface is down (PCAP_ERROR_IFACE_NOT_UP).
  case notUp
  /// CAP_NET_RAW is missing (PCAP_ERROR_PERM_DENIED).
  case permissionDenied
  /// The link type is not Ethernet.
  case notEthernet(linkType: Int32)
  /// libpcap takes the interface's name for something that is no interface, and no other name of it
  /// serves.
  case unopenableName(String)
  /// Another libpcap error, with its code and words.
  case capture(code: Int32, words: String)
  /// A system call failed.
  case system(errno: Int32, call: String)
}

/// Why the kernel did not take a frame.
public enum SendFailure: Hashable, Sendable {
  /// The socket's buffer is full: wait until it is writable.
  case wouldBlock
  /// The interface's queue is full (ENOBUFS): try again within the budget.
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

/// How far a send came: frames leave in order, so a count says which.
public struct SendProgress: Hashable, Sendable {
  /// Frames the kernel took, from the first.
  public var sentCount: Int
  /// Why the frame behind them was not taken; nil if all were.
  public var failure: SendFailure?

  /// Makes a result.
  public init(sentCount: Int, failure: SendFailure?) {
    self.sentCount = sentCount
    self.failure = failure
  }
}

/// What the capture handles have counted since the first was made, widened to 64 bits.
///
/// - Source: PACKET_STATISTICS; `frames` includes `drops` (`Ndisprot.docc/Linux.md` section 2)
public struct CaptureStatistics: Hashable, Sendable {
  /// Frames that passed the kernel's filter, dropped ones included; each once.
  public var frames: UInt64
  /// Frames that found the kernel's ring full.
  public var drops: UInt64
  /// Frames that a former handle and its successor both had; they are handed over once, and in
  /// `frames` once.
  public var repeated: UInt64

  /// Makes a set of counts.
  public init(frames: UInt64 = 0, drops: UInt64 = 0, repeated: UInt64 = 0) {
    self.frames = frames
    self.drops = drops
    self.repeated = repeated
  }

  /// Adds what another handle has counted.
  public static func += (left: inout CaptureStatistics, right: CaptureStatistics) {
    left.frames &+= right.frames
    left.drops &+= right.drops
    left.repeated &+= right.repeated
  }
}

/// The edge below a binding: one interface, captured and sent on.
///
/// Sending and capturing live apart: the send socket is there from `open` to `close`, and says
/// whether the interface is still the one that was bound; capture handles come and go.
///
/// - Thread: everything on the binding's thread, completions too
/// - Windows: the miniport driver as NDIS shows it to a protocol
public protocol MiniportAdapter: AnyObject {
  /// Opens the send socket; frames and news then go to `handler`.
  ///
  /// - Throws: `MiniportError`; nothing is left open then
  func open(handler: ReceiveHandler) throws(MiniportError)

  /// Whether the interface that was opened is gone, and another one has its index now.
  ///
  /// The kernel unbinds packet sockets when an interface is deleted or leaves the namespace, and
  /// does not bind them again when one of the same index and name comes.
  var isReplaced: Bool { get }

  /// Makes what capture handles the configuration needs and there are not yet, off this thread.
  ///
  /// A handle there is captures until its successor does, and no frame is lost or handed over twice.
  ///
  /// - Parameters:
  ///   - configuration: what the handles there are together are for
  ///   - completion: called once, maybe at once, when the new handles capture and former ones are
  ///     drained, or with what kept them from being made: then those there are stay. Not called if
  ///     `deactivate` comes first
  func activate(
    _ configuration: CaptureConfiguration, completion: @escaping (MiniportError?) -> Void)

  /// Lets the union of the opens' types through; outgoing frames no more if no open wants them.
  func update(etherTypes: EtherTypeSet, includesOutgoing: Bool) throws(MiniportError)

  /// Sends frames, one segment of the chain each, in order, until one is refused.
  ///
  /// - Ownership: borrows the frames until it returns
  /// - Complexity: one system call for up to 64 frames, no allocation
  func send(_ frames: MDLChain) -> SendProgress

  /// The interface's MTU as the kernel has it at this moment; nil if it does not say.
  var currentMTU: UInt32? { get }

  /// Calls `handler.sendPossible()` once when the send socket is writable again.
  func notifyWhenSendPossible()

  /// What the capture handles counted since the first activation.
  var statistics: CaptureStatistics { get }

  /// The rings of the handles there are.
  var ring: CaptureRing { get }

  /// Takes what is left in the rings, counts, and has the capture handles closed.
  ///
  /// - Parameter completion: called once, maybe at once, when all is taken and counted
  func deactivate(completion: @escaping () -> Void)

  /// Has the send socket closed.
  func close()
}

/// The edge above a miniport: where frames and completions arrive.
///
/// A class, because the way of a frame allows no closure and no existential (13–40 ns each).
///
/// - Thread: the binding's thread
/// - Windows: ProtocolReceiveNetBufferLists, ProtocolSendNetBufferListsComplete
open class ReceiveHandler {
  /// Makes a handler.
  public init() {}

  /// One frame; borrowed until this returns.
  ///
  /// - Returns: false if readers have to be looked at before the next frame: the dispatch ends behind
  ///   this one, as one that was full (`chunkComplete`)
  @discardableResult
  open func receive(_ frame: ReceivedFrame) -> Bool { true }

  /// A chunk is over and more frames are there: `receive` or `receiveComplete` follows within a turn
  /// of the loop, or as soon as `shouldHold` does not hold them any more.
  open func chunkComplete() { receiveComplete() }

  /// No more frames are there for now: time to serve readers.
  open func receiveComplete() {}

  /// Whether frames are better left in the kernel's ring for a moment.
  open func shouldHold(nowNanoseconds: UInt64) -> Bool { false }

  /// The send socket is writable again, after `notifyWhenSendPossible`.
  open func sendPossible() {}

  /// A capture handle failed, and captures no more; it is closed by `deactivate`, or by an
  /// activation that succeeds.
  open func captureFailed(_ error: MiniportError) {}
}
