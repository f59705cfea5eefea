internal import NDIS
internal import WDF

// What the opens together want of the card's receive filter. One open or many: the kernel is asked
// once, and gives it back when the last of them does not want it any more.

extension BindingDataPath {
  /// What the opens want now, if it is not what the card was last asked for.
  ///
  /// Who takes it asks the card, and says if that fails.
  func changedMemberships() -> MembershipSet? {
    var wanted = MembershipSet()
    for open in opens { wanted.add(open) }
    guard wanted != memberships else { return nil }
    memberships = wanted
    return wanted
  }

  /// An open went or may do less: what it alone wanted is given back, and nobody waits for that.
  func giveBackMemberships() {
    guard let wanted = changedMemberships() else { return }
    note(.ndis, "memberships", nil, wanted.groups.count)
    binding.card?.ask(CardJob(memberships: wanted), of: binding) { [weak self] result in
      if case .failure = result { self?.membershipsFailed() }
    }
  }

  /// The card did not follow: whoever changes something next asks again.
  ///
  /// - Thread: any
  func membershipsFailed() { executor.post { [weak self] in self?.memberships = nil } }
}

extension MembershipSet {
  /// Adds what an open wants to hear.
  fileprivate mutating func add(_ open: OpenContext) {
    let filter = open.filter.packetFilter
    if filter.contains(.promiscuous) { isPromiscuous = true }
    if filter.contains(.allMulticast) { hearsAllGroups = true }
    if filter.contains(.multicast) { groups.formUnion(open.groups.addresses) }
  }
}
