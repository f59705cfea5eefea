internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import WDF

// The policy in effect: an open is judged before it is created, and again at every reload.

extension Session {
  /// Whether the client may administer the daemon: root, or the user that runs it.
  var isAdministrator: Bool {
    credentials.userID == 0 || credentials.userID == server.ownUserID
  }

  /// Denies a request of a client that no rule names.
  func denyStranger(_ request: consuming OwnedRequest, _ opcode: UInt16, _ payload: RawSpan) {
    let cause = "no rule names \(identity.name)"
    auditDenial(.rule, opcode, payload, cause)
    refuse(RequestBox(request), .notPermitted, cause)
  }

  /// Ends the current open, for whatever reason.
  func closeOpen(_ reason: CloseReason) {
    guard let open = lease.end(server.sendBuffers, socket) else { return }
    if !isCloseAudited { server.totals.add(open.counters()) }
    auditClose(open, reason)
  }

  /// The interface is gone: the open is dead, and its record says why, whatever the client does
  /// next.
  func interfaceRemoved() {
    if let open { auditClose(open, .interfaceRemoved) }
  }

  /// Applies a policy.
  ///
  /// - Returns: the effect on its open
  func follow(_ policy: AccessPolicy) -> AccessChange {
    followKnown(policy)
    guard let open else { return .none }
    let change = open.follow(policy)
    switch change {
    case .none: break
    case .changed:
      lease.recharge(credentials.userID, server.budgets.quotas)
      auditChange(open)
    case .closed:
      open.revoke()
      closeOpen(.revoked)
    }
    return change
  }
}
