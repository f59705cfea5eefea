internal import Glibc
internal import NDIS

/// How libpcap lays a ring out: what fits, how much memory it takes, and what to request so that it
/// stays within the grant.
/// ```
///   latency, realtime (TPACKET_V2)   throughput (TPACKET_V3)
///   [ slot ][ slot ]...unused        [ frame frame frame ......... ]
///   └ block: pages, a power of two   └ block: 256 KiB ┘
/// ```
/// A slot is as long as the longest frame; a block holds as many as fit. libpcap computes the
/// number of slots as if there were no blocks, which takes up to twice as much memory.
///
/// - Source: libpcap 1.10, create_ring
struct CaptureRingLayout: Hashable {
  /// Bytes between the start of a slot and a frame: header, address, room for a tag.
  static let slotHeadByteCount = 68
  /// The block size of the throughput profile.
  static let blockByteCount = 262_144

  /// How many frames of the maximum length the ring holds, and its memory.
  let ring: CaptureRing
  /// The size to request.
  let requestByteCount: Int

  init(_ profile: CaptureProfile, snapshotByteCount: Int, grantedByteCount: Int) {
    let slot = (Self.slotHeadByteCount + snapshotByteCount + 15) & ~15
    switch profile {
    case .latency, .realtime:
      var block = Int(getpagesize())
      while block < slot { block <<= 1 }
      let slotsOfBlock = block / slot
      let blocks = max(2, grantedByteCount / block)
      ring = CaptureRing(frameCount: blocks * slotsOfBlock, byteCount: blocks * block)
      requestByteCount = blocks * slotsOfBlock * slot
    case .throughput:
      let blocks = max(2, grantedByteCount / Self.blockByteCount)
      ring = CaptureRing(
        frameCount: blocks * max(1, Self.blockByteCount / slot),
        byteCount: blocks * Self.blockByteCount)
      requestByteCount = ring.byteCount
    }
  }
}
