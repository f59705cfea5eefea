internal import CLibpcap
internal import MDL
internal import NDIS

/// What the capture callback needs of a frame's receiver, behind one pointer.
///
/// A stored property of a class would cost 13 ns a frame in checks, a retained handler 30.
///
/// - Ownership: borrows the handler; the capture path keeps it
@safe struct CaptureContext {
  let handler: Unmanaged<ReceiveHandler>
  let direction: CaptureDirection
  /// The handle that is dispatched.
  let handle: OpaquePointer
  /// Frames of this dispatch, which libpcap does not tell of one that ends early.
  var frameCount = 0
}

/// Hands a frame on: libpcap calls this, a global function, so that it is on no actor.
///
/// - Ownership: the frame lies in the kernel's ring and is lent until this returns
func captureCallback(
  _ user: UnsafeMutablePointer<UInt8>?, _ header: UnsafePointer<pcap_pkthdr>?,
  _ bytes: UnsafePointer<UInt8>?
) {
  guard let user = unsafe user, let header = unsafe header, let bytes = unsafe bytes else { return }
  let context = unsafe UnsafeMutableRawPointer(user).assumingMemoryBound(to: CaptureContext.self)
  let span = unsafe RawSpan(_unsafeStart: bytes, byteCount: Int(header.pointee.caplen))
  let frame = unsafe ReceivedFrame(
    bytes: span, wireByteCount: Int(header.pointee.len),
    timestampNanoseconds: nanoseconds(header.pointee.ts),
    flags: flags(of: span, context.pointee.direction).rawValue)
  unsafe context.pointee.frameCount &+= 1
  if unsafe !context.pointee.handler._withUnsafeGuaranteedRef({ $0.receive(frame) }) {
    // libpcap ends the dispatch behind this frame, in both versions of the ring, and loses none.
    unsafe pcap_breakloop(context.pointee.handle)
  }
}

/// libpcap calls this for each frame that is thrown away.
func discardCallback(
  _ user: UnsafeMutablePointer<UInt8>?, _ header: UnsafePointer<pcap_pkthdr>?,
  _ bytes: UnsafePointer<UInt8>?
) {}

/// In handles of nanosecond precision `tv_usec` holds nanoseconds.
@inline(__always)
private func nanoseconds(_ time: timeval) -> UInt64 {
  UInt64(bitPattern: Int64(time.tv_sec &* 1_000_000_000 &+ time.tv_usec))
}

/// What is particular about a frame.
///
/// The kernel takes the outer 802.1Q or 802.1ad tag off every frame it receives before a packet
/// socket sees it, so a tag that is there was put back by libpcap. Of a frame that this host sends
/// that cannot be told.
@inline(__always)
private func flags(of bytes: RawSpan, _ direction: CaptureDirection) -> FrameRecord.Flags {
  switch direction {
  case .outgoing: return .outgoing
  case .incoming:
    guard let type = bytes.outerEtherType else { return [] }
    return TagProtocol.isTakenOff(type) ? .tagPutBack : []
  }
}
