internal import CLibpcap
internal import CLinux
internal import Glibc
internal import NDIS

/// How a handle is made.
struct PcapOptions {
  var interfaceIndex: Int32
  var mtu: UInt32
  var profile: CaptureProfile
  var ringByteCount: Int
  var dispatchByteCount: Int
  var direction: CaptureDirection
  var etherTypes: EtherTypeSet

  /// Bytes of a frame that are kept: in the latency profile each takes a slot of this, so it is
  /// the longest frame with two tags; blocks pack frames, and there it may be what it likes.
  var snapshotByteCount: Int32 {
    switch profile {
    case .latency: Int32(clamping: UInt64(mtu) + 22)
    case .throughput: 65_535
    }
  }

  /// Frames of one dispatch: their records fit `dispatchByteCount` even if all are of the MTU.
  var chunk: Int {
    let record = FrameRecord.byteCount(ofFrame: Int(clamping: UInt64(mtu) + 22))
    return min(max(16, dispatchByteCount / record), CapturePath.maximumChunk)
  }
}

/// One activated, non-blocking libpcap handle on an Ethernet interface; closes it in the end.
///
/// `pcap_setfilter` is never called: it lets the first frame or block behind it through a filter of
/// its own in user space, which knows nothing of the next SO_ATTACH_FILTER and would drop what
/// that lets in.
///
/// - Thread: one
/// - Source: pcap(3PCAP), packet(7)
@safe final class PcapHandle {
  /// The packet socket: readable when there are frames.
  let descriptor: Int32
  private let handle: OpaquePointer
  private let options: PcapOptions
  private var counted = WideningCounter()

  /// Opens an interface; frames that arrive from now on are counted, and none before.
  init(_ options: PcapOptions) throws(MiniportError) {
    let handle = unsafe try Self.activate(options)
    unsafe self.handle = handle
    self.options = options
    descriptor = unsafe pcap_fileno(handle)
    try prepare()
  }

  deinit { unsafe pcap_close(handle) }

  // MARK: Opening

  private static func activate(_ options: PcapOptions) throws(MiniportError) -> OpaquePointer {
    // By its present name: it may have been renamed since it was last spoken of.
    let name = try KernelInterface.name(options.interfaceIndex)
    var words = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let handle = unsafe pcap_create(name, &words) else {
      throw .capture(code: PCAP_ERROR, words: MiniportError.words(PCAP_ERROR))
    }
    do throws(MiniportError) {
      try unsafe configure(handle, options)
      // Positive codes are warnings about features that are not asked for.
      let status = unsafe pcap_activate(handle)
      guard status >= 0 else { throw unsafe MiniportError(code: status, handle: handle) }
      // libpcap does not; a program that is started meanwhile must not keep the interface open.
      _ = unsafe fcntl(pcap_fileno(handle), F_SETFD, FD_CLOEXEC)
      let linkType = unsafe pcap_datalink(handle)
      guard linkType == DLT_EN10MB else { throw .notEthernet(linkType: linkType) }
      guard unsafe interfaceIndex(of: pcap_fileno(handle)) == options.interfaceIndex else {
        throw .noSuchDevice
      }
      guard unsafe pcap_setnonblock(handle, 1, &words) == 0 else {
        throw unsafe MiniportError(code: PCAP_ERROR, handle: handle)
      }
      return unsafe handle
    } catch {
      unsafe pcap_close(handle)
      throw error
    }
  }

  private static func configure(
    _ handle: OpaquePointer, _ options: PcapOptions
  ) throws(MiniportError) {
    let isImmediate: Int32 = options.profile == .latency ? 1 : 0
    let results = unsafe [
      pcap_set_snaplen(handle, options.snapshotByteCount),
      pcap_set_promisc(handle, 0),
      pcap_set_timeout(handle, 1),
      pcap_set_immediate_mode(handle, isImmediate),
      pcap_set_buffer_size(handle, Int32(clamping: options.ringByteCount)),
      pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO),
    ]
    if let failed = results.first(where: { $0 < 0 }) {
      throw unsafe MiniportError(code: failed, handle: handle)
    }
  }

  /// Which interface a packet socket is bound to.
  private static func interfaceIndex(of descriptor: Int32) -> Int32 {
    var address = sockaddr_ll()
    var byteCount = socklen_t(MemoryLayout<sockaddr_ll>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &byteCount)
      }
    }
    return result == 0 ? address.sll_ifindex : 0
  }

  /// Begins to count at zero, with the filter in place.
  ///
  /// Between activation and here anything was captured. With the door shut, all of it is thrown
  /// away and the kernel's counters are taken as zero; then the filter opens it.
  private func prepare() throws(MiniportError) {
    if options.direction == .incoming {
      var one: Int32 = 1
      guard
        unsafe setsockopt(
          descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, socklen_t(MemoryLayout<Int32>.size))
          == 0
      else { throw MiniportError(failed: "setsockopt(PACKET_IGNORE_OUTGOING)") }
    }
    try shut()
    repeat {} while unsafe pcap_dispatch(handle, -1, discardCallback, nil) > 0
    counted.restart(at: kernelCounters())
    try setFilter(options.etherTypes)
  }

  // MARK: Filter

  /// Lets frames of these types through, from the next one on; none is lost in between.
  func setFilter(_ types: EtherTypeSet) throws(MiniportError) {
    let program = unsafe try FilterProgram(
      CaptureFilter(types), direction: options.direction, handle: handle)
    try program.attach(to: descriptor)
  }

  /// Lets no frame through, and waits until the last ones can be dispatched.
  func shut() throws(MiniportError) {
    try FilterProgram.rejectAll.attach(to: descriptor)
    // A block is handed over when its timer of 1 ms fires, full or not.
    if options.profile == .throughput { usleep(3000) }
  }

  // MARK: Frames

  /// Hands up to `maximumCount` frames to the context's handler.
  ///
  /// - Returns: how many, and whether the handler or `breakDispatch` ended it before that many
  func dispatch(
    atMost maximumCount: Int32, _ context: UnsafeMutablePointer<CaptureContext>
  ) throws(MiniportError) -> (count: Int, isStopped: Bool) {
    unsafe context.pointee.frameCount = 0
    let count = unsafe pcap_dispatch(
      handle, maximumCount, captureCallback,
      UnsafeMutableRawPointer(context).assumingMemoryBound(to: UInt8.self))
    if count >= 0 { return (Int(count), false) }
    if count == PCAP_ERROR_BREAK { return unsafe (context.pointee.frameCount, true) }
    // libpcap says that the interface disappeared in words only.
    _ = try KernelInterface.name(options.interfaceIndex)
    throw unsafe MiniportError(code: count, handle: handle)
  }

  /// What a capture context needs to end a dispatch.
  func makeContext(
    _ handler: ReceiveHandler, _ direction: CaptureDirection
  ) -> CaptureContext {
    unsafe CaptureContext(
      handler: .passUnretained(handler), direction: direction, handle: handle)
  }

  /// Ends a dispatch behind the frame at hand: for a callback that closes the handle.
  func breakDispatch() { unsafe pcap_breakloop(handle) }

  // MARK: Counters

  /// What was captured since the handle was made.
  var statistics: CaptureStatistics {
    counted.advance(to: kernelCounters())
    return counted.total
  }

  /// The 32-bit totals that libpcap keeps.
  private func kernelCounters() -> WideningCounter.Reading {
    var counters = pcap_stat()
    _ = unsafe pcap_stats(handle, &counters)
    return WideningCounter.Reading(received: counters.ps_recv, dropped: counters.ps_drop)
  }
}
