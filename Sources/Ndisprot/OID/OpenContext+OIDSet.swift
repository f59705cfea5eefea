internal import NDIS

// What a client may set: properties of its own open (`NDIS.docc/OIDs.md` section 2).

extension OpenContext {
  /// What the open receives now.
  private var hearing: Hearing {
    Hearing(packetFilter: filter.packetFilter, groups: groups)
  }

  /// What the open will receive when everything asked of the NIC is done.
  var wantedHearing: Hearing { pendingHearings.last?.hearing ?? hearing }

  /// Sets what does not need the NIC, or returns what the NIC has to do first.
  ///
  /// - Returns: nil if it is set; otherwise call `finishSet` when the NIC has answered
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

  /// The NIC has done what a set needed: the open takes the new value.
  func finishSet(_ oid: OID, to value: [UInt8]) throws(OIDFailure) { try hear(oid, value) }

  /// The NIC has answered, whether the request still waits for the answer or not.
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

  /// Only NDIS_PROT_OPTION_NO_LOOPBACK has a meaning here.
  private func setProtocolOptions(_ value: [UInt8]) throws(OIDFailure) {
    let wanted = try UInt32(oidValue: value)
    guard wanted & ~0x2 == 0 else { throw OIDFailure(.notSupported) }
    loopsBack = options.loopsBack && wanted & 0x2 == 0
  }
}

/// A SET for which the NIC was asked.
struct PendingSet: Sendable {
  /// Identifies it among the waiting SETs of its open.
  let number: UInt64
  /// What the open receives when it is done.
  let hearing: Hearing
  /// What the NIC has to do.
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
