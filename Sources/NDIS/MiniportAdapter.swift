public import MDL

/// How frames are taken from the kernel.
public enum CaptureProfile: String, Sendable, CaseIterable {
  /// Every frame at once; under load, short naps between dispatches.
  case latency
  /// Frames in blocks: up to a millisecond of delay for a tenth of the processor time.
  case throughput
}

/// How a capture handle is made.
public struct CaptureConfiguration: Hashable, Sendable {
  /// How frames are taken from the kernel.
  public var profile: CaptureProfile
  /// Bytes of the kernel's ring.
  public var ringByteCount: Int
  /// Bytes of frame records that are handed over before readers are looked at.
  public var dispatchByteCount: Int
  /// What the kernel lets through: the union of all opens.
  public var etherTypes: EtherTypeSet
  /// Whether frames that this host sends are wanted too.
  public var includesOutgoing: Bool

  /// Makes a configuration.
  public init(
    profile: CaptureProfile = .latency, ringByteCount: Int = 16 << 20,
    dispatchByteCount: Int = 1 << 20,
    etherTypes: EtherTypeSet = .empty, includesOutgoing: Bool = false
  ) {
    self.profile = profile
    self.ringByteCount = ringByteCount
    self.dispatchByteCount = dispatchByteCount
    self.etherTypes = etherTypes
    self.includesOutgoing = includesOutgoing
  }
}

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

/// What a capture handle has counted since it was made, widened to 64 bits.
///
/// - Source: PACKET_STATISTICS; `frames` includes `drops` (`spec/reliability.md` section 4)
public struct CaptureStatistics: Hashable, Sendable {
  /// Frames that passed the kernel's filter, dropped ones included.
  public var frames: UInt64
  /// Frames that found the kernel's ring full.
  public var drops: UInt64

  /// Makes a pair.
  public init(frames: UInt64 = 0, drops: UInt64 = 0) {
    self.frames = frames
    self.drops = drops
  }
}

/// The edge below a binding: one interface, captured and sent on.
///
/// - Thread: everything on the binding's thread
/// - Windows: the miniport driver as NDIS shows it to a protocol
public protocol MiniportAdapter: AnyObject {
  /// Makes the capture handle and the send socket; frames then go to `handler`.
  ///
  /// - Throws: `MiniportError`; nothing is left open then
  func activate(_ configuration: CaptureConfiguration, handler: ReceiveHandler)
    throws(MiniportError)

  /// Whether `activate` succeeded and `deactivate` was not called since.
  var isActive: Bool { get }

  /// Lets the union of the opens' types through, and outgoing frames if some open wants them.
  func update(etherTypes: EtherTypeSet, includesOutgoing: Bool) throws(MiniportError)

  /// Sends frames, one segment of the chain each, in order, until one is refused.
  ///
  /// - Ownership: borrows the frames until it returns
  /// - Complexity: one system call for up to 64 frames, no allocation
  func send(_ frames: MDLChain) -> SendProgress

  /// The interface's MTU as the kernel has it at this moment; nil if it does not say.
  var currentMTU: UInt32? { get }

  /// Whether the send socket, if there is one, is still bound to the interface.
  ///
  /// The kernel unbinds packet sockets when an interface is deleted or leaves the namespace, and
  /// does not bind them again when one of the same index and name comes.
  var isBound: Bool { get }

  /// Calls `handler.sendPossible()` once when the send socket is writable again.
  func notifyWhenSendPossible()

  /// What the capture handle counted; since the first activation, over all of them.
  var statistics: CaptureStatistics { get }

  /// Takes what is left in the ring, counts, and closes both descriptors.
  func deactivate()
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
  open func receive(_ frame: ReceivedFrame) {}

  /// A chunk is over and more frames are there: `receive` or `receiveComplete` follows within a turn
  /// of the loop, or as soon as `shouldHold` does not hold them any more.
  open func chunkComplete() { receiveComplete() }

  /// No more frames are there for now: time to serve readers.
  open func receiveComplete() {}

  /// Whether frames are better left in the kernel's ring for a moment.
  open func shouldHold(nowNanoseconds: UInt64) -> Bool { false }

  /// The send socket is writable again, after `notifyWhenSendPossible`.
  open func sendPossible() {}

  /// Capture ended by itself; the interface watch will say what became of the interface.
  open func captureFailed(_ error: MiniportError) {}
}
