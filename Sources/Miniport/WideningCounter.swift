internal import CLibpcap
internal import NDIS

/// Sums 32-bit counters that wrap into 64 bits; they must be read before they wrap twice.
struct WideningCounter {
  private(set) var total = CaptureStatistics()
  private var last = pcap_stat()

  /// Takes what was counted so far as nothing.
  mutating func restart(at counters: pcap_stat) {
    total = CaptureStatistics()
    last = counters
  }

  /// Adds what was counted since the last call.
  mutating func advance(to counters: pcap_stat) {
    total.frames &+= UInt64(counters.ps_recv &- last.ps_recv)
    total.drops &+= UInt64(counters.ps_drop &- last.ps_drop)
    last = counters
  }
}
