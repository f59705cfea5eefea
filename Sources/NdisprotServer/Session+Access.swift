internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import WDF

// The policy at work: an open is judged where it is made, and judged anew at every reload.

extension Session {
  /// Whether the client may administer the daemon: root, and the user whose daemon it is.
  var isAdministrator: Bool {
    credentials.userID == 0 || credentials.userID == server.ownUserID
  }

  /// Makes an open on a binding, or says why not; the client has its answer.
  ///
  /// - Parameters:
  ///   - options: what was asked
  ///   - binding: the binding
  ///   - dataPath: the way of its frames; nil for an open that moves none
  ///   - windowByteCount: the window of an open that asks for all there is
  ///   - request: OPEN or OPEN_DEVICE
  ///   - completion: called once, maybe at once, with whether it is made
  func makeOpen(
    _ options: OpenOptions, on binding: AdapterBinding, dataPath: BindingDataPath?,
    windowByteCount: Int, _ request: RequestParcel,
    completion: @escaping (Bool) -> Void = { _ in }
  ) {
    let attributes = binding.snapshot.attributes
    var options = options
    let leastWindow = QuotaTable.leastWindow(attributes)
    let access: AccessGrant
    do throws(AccessRefusal) {
      access = try host.policy.grant(
        &options, isDevice: request.isOpenDevice, to: credentials, on: attributes)
      let isWindowOpen = options.queueByteCount == 0
      options.queueByteCount =
        isWindowOpen
        ? windowByteCount
        : min(max(options.queueByteCount, leastWindow), windowByteCount)
      charge = try server.quotas.take(
        access, credentials.userID, &options, isWindowOpen: isWindowOpen, leastWindow: leastWindow)
      follow(charge?.requests ?? RequestLimits())
    } catch {
      denyOpen(error, attributes.name, request)
      return completion(false)
    }
    OpenContext.open(
      options, on: binding, dataPath: dataPath, file: file, client: credentials, access: access,
      requester: self
    ) { [self] result in
      switch result {
      case .success(let open): made(open, movesFrames: dataPath != nil, request)
      case .failure(let error):
        giveCharge()
        refusedOpen(error, attributes.name, request)
      }
      completion(self.open != nil)
    }
  }

  private func made(_ open: OpenContext, movesFrames: Bool, _ request: RequestParcel) {
    let options = open.options
    server.audit(
      AuditRecord(
        .open, credentials, binding: open.binding.snapshot.attributes.name.description,
        rule: open.access.ruleNames
      )
      .with("open", open.id)
      .with("mode", options.mode == .exclusive ? "exclusive" : "shared")
      .with("ethertypes", options.etherTypes.text)
      .with("rights", open.access.rights.words.joined(separator: ",")), of: credentials)
    if movesFrames {
      largeBuffer = server.sendBuffers.grow(socket, of: holder)
    }
    opened(open, request)
  }

  /// The policy refuses an open: the reply and the audit record name the rule, or its absence.
  func denyOpen(_ refusal: AccessRefusal, _ name: InterfaceName, _ request: RequestParcel) {
    isOpening = false
    server.auditDenial(
      AuditRecord(.denied, credentials, binding: name.description, rule: refusal.ruleName)
        .with("cause", text: refusal.description), of: credentials)
    refuse(request, refusal.completion, refusal.description)
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
    guard let open else { return }
    self.open = nil
    open.close()
    giveCharge()
    if let charge = largeBuffer.take() { server.sendBuffers.shrink(socket, charge) }
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

  private func giveCharge() {
    if let charge { server.quotas.give(charge) }
    charge = nil
  }

  /// What the open has counts under the rules that decide now, also where they allow less.
  private func takeChargeAnew(_ open: OpenContext) {
    giveCharge()
    charge = server.quotas.charge(
      open.access, credentials.userID, queueByteCount: open.options.queueByteCount)
    follow(charge?.requests ?? RequestLimits())
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
      takeChargeAnew(open)
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
