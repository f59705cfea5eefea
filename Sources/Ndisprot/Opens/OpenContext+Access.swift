internal import NDIS

// An open and the policy: its rights are compiled into it, and follow a reload.

extension OpenContext {
  /// The rights that the policy grants.
  public var access: AccessGrant { filter.access }

  /// Applies a policy: narrows or widens the rights of the open, or reports that none is left.
  ///
  /// What the open asked for limits what it gets: a reload never makes it exclusive again, and
  /// never gives it a property that it did not ask for.
  /// - Thread: the loop that has the session
  /// - Returns: the effect on the open
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

  /// Completes pended requests as not permitted: no right is left, and the caller is about to close the
  /// open.
  public func revoke() {
    dataPath?.transmitQueue.cancelWrites(of: self, status: .notPermitted)
    dataPath?.receivePath.cancelReads(of: self, status: .notPermitted)
  }

  /// The filter changed: waiting frames are judged again.
  func filterChanged(from old: ReceiveFilter) {
    dataPath?.receivePath.filterChanged(of: self, from: old)
  }
}

/// The effect of a policy on an open.
public enum AccessChange: Sendable {
  /// No change.
  case none
  /// It has fewer rights, or more.
  case changed
  /// It has no rights left, and must be closed.
  case closed
}
