internal import CLibpcap
internal import MDL
internal import NDIS

/// The data that the capture callbacks need for each frame, behind one pointer.
///
/// A stored property of a class would cost 13 ns per frame in checks, a retained handler 30.
///
/// - Ownership: borrows the handler; the capture path keeps it
@safe struct CaptureContext {
  let handler: Unmanaged<ReceiveHandler>
  let direction: CaptureDirection
  /// The handle that is being dispatched.
  let handle: OpaquePointer
  /// Frames of this dispatch, which libpcap does not return if the dispatch ends early.
  var frameCount = 0
  /// The time of the last frame in a callback that records times; 0 before the first.
  var lastTimestamp: UInt64 = 0
  /// The previous handle has delivered the frames up to this time.
  var passedUntil: UInt64 = 0
  /// The number of those frames here.
  var passedCount: UInt64 = 0
}

// libpcap calls these; they are global functions, so that they are on no actor. The additional work
// of an exchange of handles is in two separate callbacks, so that it costs nothing for other
// frames.

/// Delivers a frame.
///
/// - Ownership: the frame lies in the kernel's ring and is borrowed until this returns
@inline(__always)  // Into what C calls.
func captureCallback(
  _ user: UnsafeMutablePointer<UInt8>, _ header: UnsafePointer<pcap_pkthdr>,
  _ bytes: UnsafePointer<UInt8>
) {
  unsafe handOn(context(user), header, bytes)
}

/// Records the time of a frame, and delivers it: for a handle that is about to have a successor.
func notingCallback(
  _ user: UnsafeMutablePointer<UInt8>, _ header: UnsafePointer<pcap_pkthdr>,
  _ bytes: UnsafePointer<UInt8>
) {
  unsafe context(user).pointee.lastTimestamp = nanoseconds(header.pointee.ts)
  unsafe handOn(context(user), header, bytes)
}

/// Skips frames that the previous handle had, too: the kernel stamps a frame once for all sockets.
func passingCallback(
  _ user: UnsafeMutablePointer<UInt8>, _ header: UnsafePointer<pcap_pkthdr>,
  _ bytes: UnsafePointer<UInt8>
) {
  let time = unsafe nanoseconds(header.pointee.ts)
  let context = unsafe context(user)
  unsafe context.pointee.lastTimestamp = time
  guard unsafe time > context.pointee.passedUntil else {
    unsafe context.pointee.passedCount &+= 1
    return
  }
  unsafe handOn(context, header, bytes)
}

/// Drops a frame.
func discardCallback(
  _ user: UnsafeMutablePointer<UInt8>, _ header: UnsafePointer<pcap_pkthdr>,
  _ bytes: UnsafePointer<UInt8>
) {}

@inline(__always)
private func context(_ user: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<CaptureContext> {
  unsafe UnsafeMutableRawPointer(user).assumingMemoryBound(to: CaptureContext.self)
}

@inline(__always)
private func handOn(
  _ context: UnsafeMutablePointer<CaptureContext>, _ header: UnsafePointer<pcap_pkthdr>,
  _ bytes: UnsafePointer<UInt8>
) {
  let span = unsafe RawSpan(_unsafeStart: bytes, byteCount: Int(header.pointee.caplen))
  let frame = unsafe ReceivedFrame(
    bytes: span, wireByteCount: Int(header.pointee.len),
    timestampNanoseconds: nanoseconds(header.pointee.ts),
    flags: flags(of: span, context.pointee.direction).rawValue)
  unsafe context.pointee.frameCount &+= 1
  if unsafe !context.pointee.handler._withUnsafeGuaranteedRef({ $0.receive(frame) }) {
    // libpcap ends the dispatch after this frame, in both versions of the ring, and loses none.
    unsafe pcap_breakloop(context.pointee.handle)
  }
}

/// In handles of nanosecond precision `tv_usec` holds nanoseconds.
@inline(__always)
private func nanoseconds(_ time: timeval) -> UInt64 {
  UInt64(bitPattern: Int64(time.tv_sec &* 1_000_000_000 &+ time.tv_usec))
}

/// The properties of a frame.
///
/// The kernel removes the outer 802.1Q or 802.1ad tag of every frame it receives before a packet
/// socket sees it, so that libpcap must have put back a tag that is present. For a frame that this
/// host sends this is unknown.
@inline(__always)
private func flags(of bytes: RawSpan, _ direction: CaptureDirection) -> FrameRecord.Flags {
  switch direction {
  case .outgoing: return .outgoing
  case .incoming:
    guard let type = bytes.outerEtherType else { return [] }
    return TagProtocol.isTakenOff(type) ? .tagPutBack : []
  }
}
