internal import NDIS
internal import WDF

// What the opens together want of the card's receive filter. One open or many: the kernel is asked
// once, and gives it back when the last of them does not want it any more.

extension BindingDataPath {
  /// What the opens want now, if the card has to be asked.
  ///
  /// Who takes it asks the card, and hands the answer to `cardFollowed`.
  ///
  /// - Parameter isAwaited: whether it matters that the card has followed: what was asked for before
  ///   and is not answered yet is asked for again then
  /// - Returns: nil if that is what it was last asked for
  func changedMemberships(isAwaited: Bool = false) -> MembershipSet? {
    var wanted = MembershipSet()
    for open in opens { wanted.add(open) }
    guard wanted != memberships || (isAwaited && askedMemberships > 0) else { return nil }
    memberships = wanted
    askedMemberships += 1
    return wanted
  }

  /// An open went or may do less: what it alone wanted is given back, and nobody waits for that.
  func giveBackMemberships() {
    guard !isChangingMany else {
      mustAskCard = true
      return
    }
    guard let card = binding.card, let wanted = changedMemberships() else { return }
    note(.ndis, "memberships", nil, wanted.groups.count)
    card.ask(CardJob(memberships: wanted), of: binding) { [weak self] result in
      self?.cardFollowed(result)
    }
  }

  /// Changes or closes many opens: what they all want is looked at once, behind the last.
  public func changeMany(_ body: () -> Void) {
    isChangingMany = true
    body()
    isChangingMany = false
    guard mustAskCard else { return }
    mustAskCard = false
    giveBackMemberships()
  }

  /// The card has followed, or has not: then whoever changes something next asks again.
  ///
  /// - Thread: any
  func cardFollowed(_ result: Result<AdapterFacts, CardError>) {
    executor.post { [weak self] in
      self?.askedMemberships -= 1
      if case .failure = result { self?.memberships = nil }
    }
  }
}

extension MembershipSet {
  /// What one open wants to hear.
  init(of open: OpenContext) {
    self.init()
    add(open)
  }

  /// Adds what an open wants to hear.
  fileprivate mutating func add(_ open: OpenContext) {
    let filter = open.filter.packetFilter
    if filter.contains(.promiscuous) { isPromiscuous = true }
    if filter.contains(.allMulticast) { hearsAllGroups = true }
    if filter.contains(.multicast) { groups.formUnion(open.groups.addresses) }
  }
}
