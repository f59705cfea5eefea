internal import NDIS

/// What the opens of a binding together need from the capture handle.
///
/// It is counted, so that adding or removing an open costs the same among a thousand as alone.
struct CaptureDemand {
  private var counts: [UInt16: Int] = [:]
  private var outgoingCount = 0

  /// The EtherTypes that some open wants.
  var etherTypes: EtherTypeSet { EtherTypeSet(Array(counts.keys)) }
  /// Whether some open wants frames that this host sends.
  var includesOutgoing: Bool { outgoingCount > 0 }

  /// Whether there are no opens.
  var isEmpty: Bool { counts.isEmpty }

  /// Adds an open.
  ///
  /// - Returns: whether more is wanted than before
  mutating func add(_ options: OpenOptions) -> Bool {
    var isNew = false
    for type in options.etherTypes.wireValues {
      counts[type, default: 0] += 1
      if counts[type] == 1 { isNew = true }
    }
    guard options.flags.contains(.outgoing) else { return isNew }
    outgoingCount += 1
    return isNew || outgoingCount == 1
  }

  /// Removes an open that was added.
  ///
  /// - Returns: whether less is wanted than before
  mutating func remove(_ options: OpenOptions) -> Bool {
    var isLess = false
    for type in options.etherTypes.wireValues {
      let count = counts[type, default: 0] - 1
      counts[type] = count > 0 ? count : nil
      if count <= 0 { isLess = true }
    }
    guard options.flags.contains(.outgoing) else { return isLess }
    outgoingCount -= 1
    return isLess || outgoingCount == 0
  }
}
