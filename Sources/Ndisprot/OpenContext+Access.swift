internal import NDIS

// An open and the policy: what it may do is compiled into it, and follows a reload.

extension OpenContext {
  /// What the policy lets it do.
  public var access: AccessGrant { filter.access }

  /// Follows a policy: narrows or widens what the open may do, or says that nothing is left.
  ///
  /// What is granted once stays what was asked for: an open is never made exclusive again, nor given
  /// a property that it did not ask for.
  /// - Thread: the loop that has the session
  /// - Returns: what became of it
  public func follow(_ policy: AccessPolicy) -> AccessChange {
    guard !isDead else { return .none }
    let attributes = binding.snapshot.attributes
    guard let access = policy.regrant(options, of: client, on: attributes) else {
      return .closed
    }
    if options.mode == .exclusive,
      !policy.permits(.exclusive, options.etherTypes, to: client, on: attributes)
    {
      options.mode = .shared
      binding.share(id)
    }
    guard access != filter.access else { return .none }
    var changed = filter
    changed.access = access
    if !access.rights.contains(.promiscuous) { changed.packetFilter.remove(.promiscuous) }
    isRevoking = true
    filter = changed
    isRevoking = false
    dataPath?.cardFilter.giveBack()
    limiter = dataPath?.limiter(of: self)
    if !access.rights.contains(.read) {
      dataPath?.receivePath.cancelReads(of: self, status: .notPermitted)
    }
    return .changed
  }

  /// Ends what is pended as not permitted: no right is left, and the open is about to be closed.
  public func revoke() {
    dataPath?.transmitQueue.cancelWrites(of: self, status: .notPermitted)
    dataPath?.receivePath.cancelReads(of: self, status: .notPermitted)
  }

  /// The filter is another: what waits is judged anew.
  func filterChanged(from old: ReceiveFilter) {
    dataPath?.receivePath.filterChanged(of: self, from: old)
  }
}

/// What a policy made of an open.
public enum AccessChange: Sendable {
  /// Nothing.
  case none
  /// It may do less, or more.
  case changed
  /// It may do nothing any more, and is to be closed.
  case closed
}
