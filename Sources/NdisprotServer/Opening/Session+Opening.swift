internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import WDF

// OPEN, OPEN_DEVICE: one session, one binding at a time (rules Q-17, Q-18, Q-27).

extension Session {
  /// Begins an OPEN; busy if the session has an open, or is about to have one.
  func requestOpen(
    _ request: RequestBox, _ options: OpenOptions, name: InterfaceName
  ) {
    guard open == nil, opening == nil else {
      request.complete(.busy)
      return
    }
    var options = options
    options.tellsLosses = features.contains(.losses)
    let opening = Opening(options, name: name, of: self, request)
    openingBegins(opening)
    host.handle(.open(opening), request, of: self)
  }

  /// Creates an open that was granted, or reports why not; either way the client gets its answer.
  ///
  /// - Parameters:
  ///   - opening: the request for it
  ///   - granted: what may be opened
  ///   - dataPath: the path of its frames; nil for an open that moves none
  ///   - windowByteCount: the window of an open that asks for the maximum
  ///   - completion: called once, possibly before this returns, with whether the open was created
  func makeOpen(
    _ opening: Opening, _ granted: GrantedOpen, dataPath: BindingDataPath?, windowByteCount: Int,
    completion: @escaping (Bool) -> Void = { _ in }
  ) {
    var options = granted.options
    do throws(AccessRefusal) {
      try lease.charge(
        granted.access, credentials.userID, &options, windowByteCount: windowByteCount,
        leastWindow: QuotaTable.leastWindow(granted.binding.snapshot.attributes),
        server.budgets.quotas)
    } catch {
      opening.fail(error)
      return completion(false)
    }
    OpenContext.open(
      options, on: granted.binding, dataPath: dataPath, file: file, client: credentials,
      access: granted.access, requester: self
    ) { [self] result in
      switch result {
      case .success(let open): opening.made(open)
      case .failure(let error):
        lease.releaseCharge()
        opening.fail(error)
      }
      completion(self.open != nil)
    }
  }

  /// The open was created; the reply says what was granted.
  func opened(_ opening: Opening, _ open: OpenContext) {
    openingEnded()
    let options = open.options
    denials = OpenDenials()
    isCloseAudited = false
    auditOpen(open)
    let movesFrames = !options.etherTypes.isEmpty
    lease.begin(open, movesFrames ? server.sendBuffers.grow(socket, of: holder) : nil)
    let reply = OpenReply(options, open.binding.snapshot.attributes).encoded
    let request = opening.request
    // The sample's own request has no output; a client that provides room for it gets one.
    guard !opening.isOpenDevice || request.parameters.outputByteCount >= reply.count else {
      request.complete(.success)
      return
    }
    finish(request, reply)
  }

  /// The policy refuses an open: the reply and the audit record name the rule, or the lack of one.
  func denyOpen(_ opening: Opening, _ refusal: AccessRefusal) {
    openingEnded()
    auditDenial(refusal, openOf: opening.name, opening.options.etherTypes)
    refuse(opening.request, refusal.completion, refusal.description)
  }

  /// The open is refused; the session may try again (rule Q-24).
  func refusedOpen(_ opening: Opening, _ error: BindingError) {
    openingEnded()
    // Out of helpers, holds or workers: not the interface's fault.
    guard !server.framework.isUnloading else { return opening.request.complete(.cancelled) }
    let name = opening.granted?.binding.snapshot.attributes.name ?? opening.name
    let cause: String? =
      switch error {
      case .miniport(let cause): cause.text
      case .priorityRefused(let priority, let cause):
        "the kernel does not let the daemon send with priority \(priority): \(cause.text). Ask for 0 "
          + "to 6: before Linux 5.17 those above need ndisprotd --net-admin"
      case .noMemory:
        "no memory is left for its rings. Write a smaller ring = in the [[binding]] of interfaces "
          + "that need less than 16 MiB"
      case .overBudget(let refusal): refusal.ringText
      default: nil
      }
    if let cause {
      server.logFailure(
        .error, "\(name) cannot be opened: \(cause)", .refused, binding: name.text, of: credentials)
    }
    let isExplained =
      switch error {
      case .noMemory, .overBudget, .priorityRefused: true
      default: false
      }
    if isExplained, let cause {
      refuse(opening.request, error.completion, cause)
      return
    }
    opening.request.complete(error.completion)
  }
}

extension Budget.Refusal {
  /// Why no rings are left, and what to do.
  fileprivate var ringText: String {
    let holders = isOfUser ? "that this user opened first" : "of all users"
    let remedy =
      name == "receive-rings"
      ? ". Close some of them, or write a smaller queue = in their [[binding]] or a larger "
        + "queue_memory = in [daemon]"
      : ", whose rings are as small as they get. Close some of them: a smaller ring = leaves no more"
    return "\(name) = \(limit >> 10) KiB \(isOfUser ? "for one user" : "in all") is used up by the "
      + "bindings \(holders)" + remedy
  }
}

extension OpenReply {
  /// What was granted.
  init(_ options: OpenOptions, _ attributes: AdapterAttributes) {
    self.init(
      mode: options.mode, flags: options.flags,
      queueByteCount: UInt32(clamping: options.queueByteCount),
      interfaceIndex: UInt32(bitPattern: attributes.interfaceIndex),
      maximumFrameSize: attributes.mtu, address: attributes.address,
      etherTypes: options.etherTypes, name: attributes.name.text)
  }
}
