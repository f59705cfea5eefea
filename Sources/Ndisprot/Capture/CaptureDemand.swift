internal import NDIS

/// What the opens of a binding want of the capture handle, all together.
///
/// Counted, so that one open more or less costs the same among a thousand as alone.
struct CaptureDemand {
  private var counts: [UInt16: Int] = [:]
  private var outgoingCount = 0

  /// The EtherTypes that some open asked for.
  var etherTypes: EtherTypeSet { EtherTypeSet(Array(counts.keys)) }
  /// Whether some open asked for frames that this host sends.
  var includesOutgoing: Bool { outgoingCount > 0 }

  /// Whether no open is there.
  var isEmpty: Bool { counts.isEmpty }

  /// Adds an open.
  ///
  /// - Returns: whether something is wanted now that was not
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

  /// Takes an open out that was added.
  ///
  /// - Returns: whether something is not wanted any more
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
