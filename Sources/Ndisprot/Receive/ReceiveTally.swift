/// The counts of the records that an open was offered (laws D2, D3).
///
/// - Units: records
/// - Thread: the binding's thread
struct ReceiveTally {
  /// Overwritten, or beyond the limits, before they were judged.
  private(set) var overrun: UInt64 = 0
  private(set) var matched: UInt64 = 0
  private(set) var unmatchedEtherType: UInt64 = 0
  private(set) var unmatchedFilter: UInt64 = 0
  private(set) var unmatchedDirection: UInt64 = 0
  private(set) var notPermitted: UInt64 = 0
  private(set) var looped: UInt64 = 0
  private(set) var delivered: UInt64 = 0
  private(set) var dropFlushed: UInt64 = 0
  private(set) var dropClosed: UInt64 = 0
  private(set) var dropRevoked: UInt64 = 0
  /// Lost in front of the next record that is delivered.
  private(set) var lostInFront: UInt64 = 0

  /// Counts captured records with a verdict; true if they are for the open.
  @inline(__always)
  mutating func count(_ verdict: ReceiveFilter.Verdict, _ number: UInt64) -> Bool {
    switch verdict {
    case .matched:
      matched &+= number
      return true
    case .unmatchedEtherType: unmatchedEtherType &+= number
    case .unmatchedFilter: unmatchedFilter &+= number
    case .unmatchedDirection: unmatchedDirection &+= number
    case .notPermitted: notPermitted &+= number
    case .foreign: break
    }
    return false
  }

  /// A frame of the open was looped back.
  mutating func noteLooped() { looped &+= 1 }

  /// Records for the open are dropped.
  mutating func lose(_ count: UInt64) {
    dropFlushed &+= count
    lostInFront &+= count
  }

  /// Records are gone that were never judged.
  mutating func miss(_ count: UInt64) {
    overrun &+= count
    lostInFront &+= count
  }

  /// Records for the open are dropped with others, which are counted elsewhere.
  mutating func noteLost(_ count: UInt64) { lostInFront &+= count }

  /// Waiting records are dropped because of a new filter; those that it rejects are no loss.
  mutating func refilter(_ count: UInt64, isRevoked: Bool) {
    if isRevoked { dropRevoked &+= count } else { dropFlushed &+= count }
  }

  /// The open ended with waiting records.
  mutating func close(_ count: UInt64) { dropClosed &+= count }

  /// The reader took records.
  @inline(__always)
  mutating func deliver(_ count: UInt64) {
    delivered &+= count
    lostInFront = 0
  }
}
