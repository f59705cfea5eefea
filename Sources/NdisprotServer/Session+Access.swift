internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import WDF

// The policy at work: an open is judged before it is made, and follows every reload.

extension Session {
  /// Whether the client may administer the daemon: root, and the user whose daemon it is.
  var isAdministrator: Bool {
    credentials.userID == 0 || credentials.userID == server.ownUserID
  }

  /// The policy refuses a request of an open.
  func noteDenial(_ refusal: AccessRefusal) {
    server.auditDenial(
      AuditRecord(
        .denied, credentials, binding: open?.binding.snapshot.attributes.name.description ?? "-",
        rule: refusal.ruleName
      ).with("open", open?.id ?? 0).with("cause", text: refusal.description), of: credentials)
  }

  /// A request of somebody of whom no rule speaks.
  func denyStranger(_ request: consuming OwnedRequest, _ opcode: UInt16) {
    server.auditDenial(
      AuditRecord(.denied, credentials, binding: "-", rule: "-").with("opcode", opcode)
        .with("cause", text: "no rule speaks of this user"), of: credentials)
    refuse(RequestParcel(request), .notPermitted, "no rule names this user")
  }

  /// Ends the open there is, for whatever reason.
  func closeOpen(_ reason: String) {
    guard let open = lease.end(server.quotas, server.sendBuffers, socket) else { return }
    var record = AuditRecord(
      .close, credentials, binding: open.binding.snapshot.attributes.name.description,
      rule: open.access.ruleNames
    ).with("open", open.id).with("reason", text: reason)
    for (counter, value) in open.counters().values where Session.audited.contains(counter) {
      record = record.with(counter.name, value)
    }
    server.audit(record, of: credentials)
  }

  /// What the record of a closed open says of it.
  private static var audited: Set<Counter> {
    [
      .rxDelivered, .rxNotPermitted, .rxDropRevoked, .txSubmitted, .txSent, .txBytes,
      .txRejectedPolicy, .txRejectedRate,
    ]
  }

  /// Follows a policy.
  ///
  /// - Returns: what became of its open
  func follow(_ policy: AccessPolicy) -> AccessChange {
    followKnown(policy)
    guard let open else { return .none }
    let change = open.follow(policy)
    switch change {
    case .none: break
    case .changed:
      lease.recharge(credentials.userID, server.quotas)
      server.audit(
        AuditRecord(
          .changed, credentials, binding: open.binding.snapshot.attributes.name.description,
          rule: open.access.ruleNames
        ).with("open", open.id).with("rights", open.access.rights.words.joined(separator: ",")),
        of: credentials)
    case .closed:
      open.revoke()
      closeOpen("revoked")
    }
    return change
  }
}

extension EtherTypeSet {
  /// As the log shows it.
  var text: String {
    if isAny { return "any" }
    if isEmpty { return "none" }
    return values.map { $0 == EtherTypeSet.llcValue ? "llc" : "0x" + String($0, radix: 16) }
      .joined(separator: ",")
  }
}
