internal import NDIS

/// Sums libpcap's 32-bit totals, which wrap, in 64 bits; they must be read before they wrap twice.
struct WideningCounter {
  /// Totals of libpcap.
  struct Reading: Equatable {
    var received: UInt32 = 0
    var dropped: UInt32 = 0
  }

  private(set) var total = CaptureStatistics()
  private var last = Reading()

  /// Treats what was counted so far as zero.
  mutating func restart(at reading: Reading) {
    total = CaptureStatistics()
    last = reading
  }

  /// Adds what was counted since the last call.
  mutating func advance(to reading: Reading) {
    total.frames &+= UInt64(reading.received &- last.received)
    total.drops &+= UInt64(reading.dropped &- last.dropped)
    last = reading
  }
}
