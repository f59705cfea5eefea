internal import EventLoop
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import WDF

/// What the opens of one loop became under another policy.
struct PolicyTaken: Sendable {
  var changed = 0
  var closed = 0

  mutating func count(_ change: AccessChange) {
    switch change {
    case .none: break
    case .changed: changed += 1
    case .closed: closed += 1
    }
  }
}

/// One reload at a time: what is asked meanwhile is one more, for all who asked.
struct ReloadQueue {
  typealias Answer = @Sendable (ReloadReply) -> Void
  /// Asked before the one that runs had begun.
  var served: [Answer] = []
  /// Asked since; they want what is in the file now.
  var waiting: [Answer] = []
  var isRunning = false
}

/// The loops that have not taken the policy yet, counted in.
private final class PolicyGather: @unchecked Sendable {  // Confined to control.
  var taken = PolicyTaken()
  var outstanding = 1
}

// RELOAD: control reads and checks, mails one immutable policy to every loop, and answers when all
// have taken it. Until a loop has, its opens do what the old policy said, wholly.

extension ControlLoop {
  /// ADMINISTRATION, reload.
  func reload(_ parcel: RequestParcel, for session: Session) {
    reload { [weak self] reply in self?.answer(reply.encoded, 0, parcel, for: session) }
  }

  /// Reads the configuration anew; `answer` hears what became of it, on control.
  func reload(answer: @escaping ReloadQueue.Answer) {
    reloads.waiting.append(answer)
    if !reloads.isRunning { startReload() }
  }

  private func startReload() {
    reloads.isRunning = true
    reloads.served = reloads.waiting
    reloads.waiting = []
    server.environment.reloading(.begins)
    guard let load = server.environment.loadConfiguration else {
      finishReload(
        ReloadReply(
          refusal: "there is no configuration to read: the daemon was started with --interface. "
            + "Start it with --config FILE"))
      return
    }
    do throws(ConfigurationRefusal) {
      let configuration = try load()
      distribute(configuration)
    } catch {
      server.log(.error, "not reloaded, the old policy stays: \(error.text)")
      finishReload(ReloadReply(refusal: error.text))
    }
  }

  private func distribute(_ configuration: ServerConfiguration) {
    let policy = configuration.policy
    server.follow(configuration)
    self.policy = policy
    let gather = PolicyGather()
    for thread in threads.values {
      let host = thread.loop
      gather.outstanding += 1
      let isMailed = host.loop.post { [weak self] in
        let taken = host.take(policy)
        guard let self else { return }
        _ = loop.post { self.add(taken, to: gather, configuration) }
      }
      if !isMailed { gather.outstanding -= 1 }
    }
    var taken = PolicyTaken()
    for session in sessionsHere { taken.count(session.follow(policy)) }
    add(taken, to: gather, configuration)
  }

  private func add(
    _ taken: PolicyTaken, to gather: PolicyGather, _ configuration: ServerConfiguration
  ) {
    gather.taken.changed += taken.changed
    gather.taken.closed += taken.closed
    gather.outstanding -= 1
    guard gather.outstanding == 0 else { return }
    let (bound, unbound) = server.driver.follow(configuration.bindings.map(\.interface))
    let reply = ReloadReply(
      ruleCount: UInt32(clamping: configuration.policy.rules.count),
      changedCount: UInt32(clamping: gather.taken.changed),
      closedCount: UInt32(clamping: gather.taken.closed), boundCount: UInt32(clamping: bound),
      unboundCount: UInt32(clamping: unbound))
    server.log(
      .info,
      "reloaded: \(reply.ruleCount) rules; opens changed \(reply.changedCount), closed "
        + "\(reply.closedCount); interfaces bound \(bound), unbound \(unbound)")
    finishReload(reply)
  }

  private func finishReload(_ reply: ReloadReply) {
    history.note(reply)
    server.environment.reloading(reply.refusal.isEmpty ? .taken : .refused(reply.refusal))
    let served = reloads.served
    reloads.served = []
    reloads.isRunning = false
    for answer in served { answer(reply) }
    if !reloads.waiting.isEmpty, !reloads.isRunning { startReload() }
  }

  /// ADMINISTRATION, explain: what decides about a user, an interface and an EtherType.
  func explain(
    _ question: ExplainRequest, _ parcel: RequestParcel, for session: Session
  ) {
    guard let user = server.environment.findUser(question.user) else {
      parcel.complete(.notFound)
      return
    }
    // For oneself the groups count that the connection has.
    let client = user.userID == session.credentials.userID ? session.credentials : user
    guard session.isAdministrator || client == session.credentials else {
      parcel.complete(.notPermitted)
      return
    }
    guard let binding = server.driver.bindings.binding(named: question.binding) else {
      parcel.complete(.adapterNotFound)
      return
    }
    let rows = policy.explain(client, on: binding.snapshot.attributes, question.etherType)
    let reply = ExplainReply(
      userID: client.userID, decisions: rows.prefix(ExplainReply.maximumCount).map(Decision.init))
    answer(reply.encoded, reply.decisions.count, parcel, for: session)
  }
}

extension AdministrationRequest {
  /// Whether control decides by itself what to tell whom: everybody may ask about himself.
  var isForEverybody: Bool {
    switch self {
    case .explain, .status: true
    default: false
    }
  }
}

extension Decision {
  /// One row of the answer.
  fileprivate init(_ row: AccessPolicy.Explanation) {
    self.init(
      vlan: row.vlan, rights: row.rule?.rights ?? [], rule: row.rule?.name ?? "",
      origin: row.rule?.origin ?? "", framesPerSecond: row.rule?.rate?.framesPerSecond ?? 0,
      bytesPerSecond: row.rule?.rate?.bytesPerSecond ?? 0)
  }
}
