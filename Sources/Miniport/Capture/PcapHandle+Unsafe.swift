internal import CLibpcap
internal import CLinux
internal import Glibc
internal import NDIS

/// One activated, non-blocking libpcap handle on an Ethernet interface; closed at the end.
///
/// `pcap_setfilter` is never called: it passes the first frame or block after it through a filter of
/// its own in user space. That filter does not know of the next SO_ATTACH_FILTER, and would drop
/// frames that the new one passes.
///
/// - Thread: one at a time; a helper opens it, mails it to the loop that uses it, and closes it
/// - Source: pcap(3PCAP), packet(7)
@safe final class PcapHandle: @unchecked Sendable {  // One thread's at a time.
  /// The packet socket: readable when frames are available.
  let descriptor: Int32
  private let handle: OpaquePointer
  let options: PcapOptions
  private var isClosed = false
  private var counted = WideningCounter()

  /// Opens an interface; frames that arrive from now on are counted, earlier ones are not.
  init(_ options: PcapOptions) throws(MiniportError) {
    let handle = unsafe try Self.activate(options)
    unsafe self.handle = handle
    self.options = options
    descriptor = unsafe pcap_fileno(handle)
    try prepare()
  }

  deinit { close() }

  /// Closes the socket; takes 20 to 40 ms, during which the kernel waits.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    unsafe pcap_close(handle)
  }

  // MARK: Opening

  /// Tries the spellings of the interface's name until libpcap opens exactly this interface.
  ///
  /// Uses its current name: it may have been renamed since the last report, and may be renamed
  /// again between the query and the activation, which then finds no interface or another one.
  private static func activate(_ options: PcapOptions) throws(MiniportError) -> OpaquePointer {
    var tries = 0
    while true {
      let name = try KernelInterface.name(options.interfaceIndex)
      let others = KernelInterface.alternativeNames(options.interfaceIndex)
      for device in CaptureDevice.candidates(for: name, others) {
        if let handle = unsafe try activate(device, options) { return unsafe handle }
      }
      tries += 1
      // The same name twice: the name is the problem, not a rename in between.
      guard try KernelInterface.name(options.interfaceIndex) != name, tries < 4 else {
        throw .unopenableName(CaptureDevice.text(name))
      }
    }
  }

  /// Opens the interface for a device string.
  ///
  /// - Returns: nil if the result is a different interface
  private static func activate(
    _ device: [CChar], _ options: PcapOptions
  ) throws(MiniportError) -> OpaquePointer? {
    guard let handle = unsafe CaptureDevice.create(device) else { return nil }
    do throws(MiniportError) {
      try unsafe configure(handle, options)
      // Positive codes are warnings about features that were not requested.
      let status = unsafe pcap_activate(handle)
      if status == PCAP_ERROR_NO_SUCH_DEVICE {
        unsafe pcap_close(handle)
        return nil
      }
      guard status >= 0 else { throw unsafe MiniportError(code: status, handle: handle) }
      // libpcap does not do this; a program that is started meanwhile must not keep the interface
      // open.
      _ = unsafe fcntl(pcap_fileno(handle), F_SETFD, FD_CLOEXEC)
      guard
        unsafe KernelInterface.boundIndex(of: pcap_fileno(handle)) == options.interfaceIndex
      else {
        unsafe pcap_close(handle)
        return nil
      }
      let linkType = unsafe pcap_datalink(handle)
      guard linkType == DLT_EN10MB else { throw .notEthernet(linkType: linkType) }
      var words = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
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
    let isImmediate: Int32 = options.profile.isImmediate ? 1 : 0
    let results = unsafe [
      pcap_set_snaplen(handle, options.snapshotByteCount),
      pcap_set_promisc(handle, 0),
      pcap_set_timeout(handle, 1),
      pcap_set_immediate_mode(handle, isImmediate),
      pcap_set_buffer_size(handle, Int32(clamping: options.layout.requestByteCount)),
    ]
    if let failed = results.first(where: { $0 < 0 }) {
      throw unsafe MiniportError(code: failed, handle: handle)
    }
  }

  /// Starts counting at zero, with the filter in place.
  ///
  /// Between activation and here any frame may have been captured. A filter that rejects everything
  /// is attached, the captured frames are dropped, and the kernel's counters are taken as zero;
  /// then the real filter follows.
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
    // On a helper's thread, which may block.
    if settleNanoseconds > 0 { usleep(UInt32(settleNanoseconds / 1_000)) }
    // The callback looks at none of its arguments.
    let user = unsafe UnsafeMutablePointer<UInt8>(handle)
    repeat {} while unsafe clibpcap_dispatch(handle, -1, discardCallback, user) > 0
    counted.restart(at: kernelCounters())
    try setFilter(options.etherTypes)
  }

  // MARK: Filter

  /// Passes frames of these types, from the next one on; no frame is lost in between.
  func setFilter(_ types: EtherTypeSet) throws(MiniportError) {
    let program = unsafe try FilterProgram(
      CaptureFilter(types), direction: options.direction, handle: handle)
    try program.attach(to: descriptor)
  }

  /// Rejects all frames; earlier ones may still be dispatched `settleNanoseconds` later.
  func shut() throws(MiniportError) { try FilterProgram.rejectAll.attach(to: descriptor) }

  /// How long after `shut` the last frames may take: a block is delivered when its timer of 1 ms
  /// fires, full or not.
  var settleNanoseconds: UInt64 { options.profile.isImmediate ? 0 : 3_000_000 }

  // MARK: Frames

  /// Whether the kernel still has the socket bound to the interface.
  var isBound: Bool { KernelInterface.boundIndex(of: descriptor) == options.interfaceIndex }

  /// Passes up to `maximumCount` frames to the context's handler.
  ///
  /// - Returns: their number, and whether the handler ended the dispatch early
  func dispatch(
    atMost maximumCount: Int32, _ context: UnsafeMutablePointer<CaptureContext>,
    _ callback: clibpcap_callback
  ) throws(MiniportError) -> (count: Int, isStopped: Bool) {
    unsafe context.pointee.frameCount = 0
    let count = unsafe clibpcap_dispatch(
      handle, maximumCount, callback,
      UnsafeMutableRawPointer(context).assumingMemoryBound(to: UInt8.self))
    if count >= 0 { return (Int(count), false) }
    if count == PCAP_ERROR_BREAK { return unsafe (context.pointee.frameCount, true) }
    // libpcap reports the disappearance of the interface only in words.
    guard isBound else { throw .noSuchDevice }
    throw unsafe MiniportError(code: count, handle: handle)
  }

  /// Creates a capture context, which is needed to end a dispatch.
  func makeContext(_ handler: ReceiveHandler) -> CaptureContext {
    unsafe CaptureContext(
      handler: .passUnretained(handler), direction: options.direction, handle: handle)
  }

  // MARK: Counters

  /// What was captured since the handle was opened.
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
