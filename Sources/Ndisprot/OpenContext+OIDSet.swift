internal import NDIS

// What a client may set: properties of its own open (`NDIS.docc/OIDs.md` section 2).

extension OpenContext {
  /// What the open hears now.
  private var hearing: Hearing {
    Hearing(packetFilter: filter.packetFilter, groups: groups)
  }

  /// What the open hears when all that the card is asked for is done.
  var wantedHearing: Hearing { pendingHearings.last?.hearing ?? hearing }

  /// Sets what needs no card, or says what the card has to do before.
  ///
  /// - Returns: nil if it is set; else `finishSet` is due when the card has answered
  func beginSet(_ oid: OID, to value: [UInt8]) throws(OIDFailure) -> PendingSet? {
    guard Hearing.isChanged(by: oid) else {
      try setOwn(oid, to: value)
      return nil
    }
    let former = wantedHearing
    var wanted = former
    try wanted.set(oid, to: value, filter.access)
    let set = PendingSet(number: (pendingHearings.last?.number ?? 0) &+ 1, hearing: wanted)
    pendingHearings.append(set)
    let isAwaited = wanted.memberships != former.memberships
    if let job = dataPath?.cardFilter.job(isAwaited: isAwaited) { return set.asking(job) }
    pendingHearings.removeLast()
    try hear(oid, value)
    return nil
  }

  /// The card has done what a set needed: now the open hears it.
  func finishSet(_ oid: OID, to value: [UInt8]) throws(OIDFailure) { try hear(oid, value) }

  /// The card has answered, whether somebody still waits for it or not.
  func end(_ set: PendingSet) {
    pendingHearings.removeAll { $0.number == set.number }
    dataPath?.cardFilter.giveBack()
  }

  private func hear(_ oid: OID, _ value: [UInt8]) throws(OIDFailure) {
    var hearing = self.hearing
    try hearing.set(oid, to: value, filter.access)
    groups = hearing.groups
    var changed = filter
    changed.packetFilter = hearing.packetFilter
    changed.setGroups(hearing.groups.addresses)
    filter = changed
  }

  private func setOwn(_ oid: OID, to value: [UInt8]) throws(OIDFailure) {
    switch oid {
    case .currentLookahead: try setLookahead(value)
    case .protocolOptions: try setProtocolOptions(value)
    default: throw OIDFailure(.notSupported)
    }
  }

  private func setLookahead(_ value: [UInt8]) throws(OIDFailure) {
    let wanted = try UInt32(oidValue: value)
    guard wanted > 0, wanted <= binding.snapshot.attributes.mtu else {
      throw OIDFailure(.invalidParameter)
    }
    lookahead = wanted
  }

  /// NDIS_PROT_OPTION_NO_LOOPBACK is the one that means something here.
  private func setProtocolOptions(_ value: [UInt8]) throws(OIDFailure) {
    let wanted = try UInt32(oidValue: value)
    guard wanted & ~0x2 == 0 else { throw OIDFailure(.notSupported) }
    loopsBack = options.loopsBack && wanted & 0x2 == 0
  }
}

/// A SET for which the card was asked.
struct PendingSet: Sendable {
  /// Tells it from others of its open that wait.
  let number: UInt64
  /// What the open hears when it is done.
  let hearing: Hearing
  /// What the card has to do.
  private(set) var job = CardJob()

  init(number: UInt64, hearing: Hearing) {
    self.number = number
    self.hearing = hearing
  }

  fileprivate func asking(_ job: CardJob) -> PendingSet {
    var set = self
    set.job = job
    return set
  }
}
