internal import MDL

/// The multicast groups that an open receives, each with its use count.
///
/// - Source: `NDIS.docc/OIDs.md` section 2, the multicast OIDs
struct GroupList: Sendable {
  /// The most groups: OID_802_3_MAXIMUM_LIST_SIZE.
  static let capacity = 32

  private var uses: [(group: MACAddress, count: UInt32)] = []

  /// The groups, in the order in which they came.
  var addresses: [MACAddress] { uses.map(\.group) }

  /// Whether a group is in the list.
  func contains(_ group: MACAddress) -> Bool { uses.contains { $0.group == group } }

  /// Adds a group, or one more use of it; false if the address is no group, or the list is full.
  mutating func insert(_ group: MACAddress) -> Bool {
    guard group.isMulticast else { return false }
    if let index = uses.firstIndex(where: { $0.group == group }) {
      let (count, isTooMuch) = uses[index].count.addingReportingOverflow(1)
      if !isTooMuch { uses[index].count = count }
      return !isTooMuch
    }
    guard uses.count < Self.capacity else { return false }
    uses.append((group, 1))
    return true
  }

  /// Gives one use of a group back; false if it is not in the list.
  mutating func giveBack(_ group: MACAddress) -> Bool {
    guard let index = uses.firstIndex(where: { $0.group == group }) else { return false }
    uses[index].count -= 1
    if uses[index].count == 0 { uses.remove(at: index) }
    return true
  }
}
