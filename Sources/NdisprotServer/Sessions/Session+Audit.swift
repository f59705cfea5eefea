internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import WDF

// The audit of a session: its opens, what the policy refused, and how each open ended.

extension Session {
  /// Audits a new open.
  func auditOpen(_ open: OpenContext) {
    let options = open.options
    let mode = options.mode == .exclusive ? "exclusive" : "shared"
    let rights = open.access.rights.words.joined(separator: ",")
    var outcome = "\(mode), \(rights) by rule \(open.access.ruleNames)"
    let priority = options.flags.priority
    if priority > 0 { outcome += ", priority \(priority)" }
    // The client's own words: nothing depends on them.
    if !options.purpose.isEmpty { outcome += ", for '\(options.purpose)' as it says" }
    var record = AuditRecord(
      .open, identity, operation: "open", binding: open.binding.snapshot.attributes.name,
      etherTypes: options.etherTypes, rule: open.access.ruleNames, outcome: outcome
    )
    .with("open", open.id).with("mode", mode)
    .with("ethertypes", options.etherTypes.text(\.hexType)).with("rights", rights)
    if priority > 0 { record = record.with("priority", UInt64(priority)) }
    if !options.purpose.isEmpty { record = record.with("purpose", text: options.purpose) }
    server.audit(record, of: credentials)
  }

  /// Audits a change of the open's rights by a reload.
  func auditChange(_ open: OpenContext) {
    let rights = open.access.rights.words.joined(separator: ",")
    server.audit(
      AuditRecord(
        .changed, identity, operation: "reload", binding: open.binding.snapshot.attributes.name,
        rule: open.access.ruleNames,
        outcome: "a reload leaves \(rights) by rule \(open.access.ruleNames)"
      ).with("open", open.id).with("rights", rights), of: credentials)
  }

  /// Audits an open that the policy refuses.
  func auditDenial(_ refusal: AccessRefusal, openOf name: InterfaceName, _ types: EtherTypeSet) {
    server.auditDenial(
      refusal.reason,
      AuditRecord(
        .denied, identity, operation: "open", binding: name, etherTypes: types,
        rule: refusal.ruleName, outcome: refusal.description
      ).with("ethertypes", types.text(\.hexType)).with("cause", text: refusal.description),
      of: credentials)
  }

  /// Audits a request of the open that the policy refuses; the first of each kind per open is
  /// written, the others are counted.
  func auditDenial(_ refusal: AccessRefusal) {
    guard denials.isFirst(refusal.kind) else {
      server.denials.count(refusal.reason)
      return
    }
    let open = self.open
    server.auditDenial(
      refusal.reason,
      AuditRecord(
        .denied, identity, operation: refusal.operation,
        binding: open?.binding.snapshot.attributes.name, rule: refusal.ruleName,
        outcome: refusal.description
      ).with("open", open?.id ?? 0).with("cause", text: refusal.description), of: credentials)
  }

  /// Audits a request of a client that no rule names, or that needs an administrator.
  ///
  /// - Parameters:
  ///   - reason: the label in the metric
  ///   - opcode: the opcode of the request
  ///   - message: the payload, for the details of an OPEN
  ///   - cause: why, for people
  func auditDenial(_ reason: DenialReason, _ opcode: UInt16, _ message: RawSpan, _ cause: String) {
    let wanted =
      opcode == Opcode.open.rawValue ? openRequest(in: message) : nil
    let operation = Opcode(rawValue: opcode).map { "\($0)" } ?? "opcode \(opcode)"
    server.auditDenial(
      reason,
      AuditRecord(
        .denied, identity, operation: operation, binding: wanted?.name,
        etherTypes: wanted?.etherTypes, outcome: cause
      ).with("cause", text: cause), of: credentials)
  }

  /// An OPEN, with or without a purpose behind it: its header is not available here.
  private func openRequest(in message: RawSpan) -> OpenRequest? {
    if let request = try? OpenRequest(decoding: message) { return request }
    return try? PurposefulOpen(decoding: message, purposeCount: 1).request
  }

  /// Audits an administrator's action that is visible to others.
  func auditAdministration(_ deed: String, _ binding: InterfaceName? = nil) {
    server.audit(
      AuditRecord(
        .administered, identity, operation: deed, binding: binding, outcome: "asked for"),
      of: credentials)
  }

  /// Audits the end of an open, once (`isCloseAudited`).
  func auditClose(_ open: OpenContext, _ reason: CloseReason) {
    guard !isCloseAudited else { return }
    isCloseAudited = true
    let counts = open.counters().values.filter { Session.audited.contains($0.0) }
    func count(_ counter: Counter) -> UInt64 { counts.first { $0.0 == counter }?.1 ?? 0 }
    var outcome =
      "\(reason.rawValue); \(count(.rxDelivered)) frames read, \(count(.txSent)) sent"
    if let refused = denials.text { outcome += "; refused \(refused)" }
    var record = AuditRecord(
      .close, identity, operation: "close", binding: open.binding.snapshot.attributes.name,
      rule: open.access.ruleNames, outcome: outcome
    ).with("open", open.id).with("reason", text: reason.rawValue)
    for (counter, value) in counts { record = record.with(counter.name, value) }
    if let refused = denials.text { record = record.with("refused", text: refused) }
    server.audit(record, of: credentials)
  }

  /// The counters in the record of a closed open.
  private static var audited: Set<Counter> {
    [
      .rxDelivered, .rxNotPermitted, .rxDropRevoked, .txSubmitted, .txSent, .txBytes,
      .txRejectedPolicy, .txRejectedRate,
    ]
  }
}
