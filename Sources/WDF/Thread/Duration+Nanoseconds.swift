extension Duration {
  /// The same time in nanoseconds, clamped to 0 and to the largest value.
  var clampedNanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max / 2 : min(.max / 2, whole &+ UInt64(attoseconds / 1_000_000_000))
  }

  init(nanosecondCount: UInt64) { self = .nanoseconds(Int64(clamping: nanosecondCount)) }
}
