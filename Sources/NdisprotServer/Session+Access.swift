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
      denyOpen(error, attributes.name, options.etherTypes, request)
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
    denials = OpenDenials()
    isCloseAudited = false
    auditOpen(open)
    if movesFrames {
      largeBuffer = server.sendBuffers.grow(socket, of: holder)
    }
    opened(open, request)
  }

  /// The policy refuses an open: the reply and the audit record name the rule, or its absence.
  func denyOpen(
    _ refusal: AccessRefusal, _ name: InterfaceName, _ types: EtherTypeSet, _ request: RequestParcel
  ) {
    isOpening = false
    auditDenial(refusal, openOf: name, types)
    refuse(request, refusal.completion, refusal.description)
  }

  /// A request of a client that no rule names.
  func denyStranger(_ request: consuming OwnedRequest, _ opcode: UInt16, _ payload: RawSpan) {
    let cause = "no rule names \(identity.name)"
    auditDenial(.rule, opcode, payload, cause)
    refuse(RequestParcel(request), .notPermitted, cause)
  }

  /// Ends the open there is, for whatever reason.
  func closeOpen(_ reason: CloseReason) {
    guard let open else { return }
    self.open = nil
    open.close()
    giveCharge()
    if let charge = largeBuffer.take() { server.sendBuffers.shrink(socket, charge) }
    if !isCloseAudited { server.totals.add(open.counters()) }
    auditClose(open, reason)
  }

  /// The interface is gone: the open is dead, and its record says why, whatever the client does next.
  func interfaceRemoved() {
    if let open { auditClose(open, .interfaceRemoved) }
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
      auditChange(open)
    case .closed:
      open.revoke()
      closeOpen(.revoked)
    }
    return change
  }
}
