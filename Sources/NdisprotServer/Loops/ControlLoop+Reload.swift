internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

/// How a new policy changed the opens of one loop.
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

/// One reload at a time: requests that arrive meanwhile share the next one.
struct ReloadQueue {
  typealias Answer = @Sendable (ReloadReply) -> Void
  /// Requests made before the running reload began.
  var served: [Answer] = []
  /// Later requests: they want what the file contains now.
  var waiting: [Answer] = []
  var isRunning = false
  /// Users or groups changed during the reload.
  var mustRefreshAccounts = false
}

/// Collects the answers of the loops that have still to apply the policy.
private final class PolicyGather: @unchecked Sendable {  // Confined to control.
  var taken = PolicyTaken()
  var outstanding = 1
}

// RELOAD: a thread that may block reads and checks the configuration; control then mails one
// immutable policy to every loop, and answers when all have applied it. Until a loop has, the old
// policy holds for its opens as a whole.

extension ControlLoop {
  /// ADMINISTRATION, reload.
  func reload(_ parcel: RequestBox, for session: Session) {
    reload { [weak self] reply in self?.answer(reply.encoded, 0, parcel, for: session) }
  }

  /// Reloads the configuration; `answer` is called on control with the result.
  func reload(answer: @escaping ReloadQueue.Answer) {
    reloads.waiting.append(answer)
    if !reloads.isRunning { startReload() }
  }

  /// Users or groups of the machine changed: applies the same files with the new numbers.
  func accountsChanged() {
    reloads.mustRefreshAccounts = reloads.isRunning
    guard !reloads.isRunning else { return }
    let refresh = server.environment.refreshAccounts
    reloads.isRunning = server.lookups.add { [weak self] isUnloading in
      let configuration = isUnloading ? nil : refresh()
      guard let self else { return }
      _ = loop.post { self.accountsRefreshed(configuration) }
    }
  }

  private func accountsRefreshed(_ configuration: ServerConfiguration?) {
    guard let configuration else {
      reloads.isRunning = false
      startNextReload()
      return
    }
    server.log(.info, "users or groups changed: the rules that name them follow")
    server.environment.reloading(.begins)
    distribute(configuration)
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
    let (users, find) = (server.budgets.sessions.userIDs, server.environment.findUser)
    let isTaken = server.lookups.add(isAhead: true) { [weak self] isUnloading in
      let loaded: Result<ServerConfiguration, ConfigurationRefusal>
      do throws(ConfigurationRefusal) {
        if isUnloading { throw ConfigurationRefusal(text: "the daemon is stopping") }
        var configuration = try load()
        let directory = DirectoryGroups()
        configuration.policy.directory = directory
        if configuration.policy.forbidsGroups {
          DirectoryQuestions.ask(users, directory, find)
        }
        loaded = .success(configuration)
      } catch {
        loaded = .failure(error)
      }
      guard let self else { return }
      _ = loop.post { self.loaded(loaded) }
    }
    if !isTaken {
      finishReload(
        ReloadReply(refusal: "there is no thread to read the configuration on. Try again"))
    }
  }

  private func loaded(_ result: Result<ServerConfiguration, ConfigurationRefusal>) {
    switch result {
    case .success(let configuration): distribute(configuration)
    case .failure(let refusal):
      if var broken = server.configurationIfBroken {
        broken.failure = refusal.text
        server.follow(broken)
      }
      server.log(.error, "not reloaded, the old policy stays: \(refusal.text)")
      finishReload(ReloadReply(refusal: refusal.text))
    }
  }

  private func distribute(_ configuration: ServerConfiguration) {
    let policy = configuration.policy
    server.follow(configuration)
    self.policy = policy
    renewIdleThreads()
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

  /// Ends an idle thread if the next one would be created with another configuration; a thread in
  /// use keeps its configuration, and the log says so.
  private func renewIdleThreads() {
    for (key, running) in threads
    where running.loop.binding.isActive && isOutdated(running.loop) {
      guard running.sessionCount == 0 else {
        let name = running.loop.binding.snapshot.attributes.name
        server.log(
          .info, "\(name): what is new of its [[binding]] holds when its last open has gone",
          binding: name.text)
        continue
      }
      endThread(key)
    }
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
    tellOfAbsentInterfaces()
    finishReload(reply)
  }

  /// Logs rules for interfaces that do not exist: a typing mistake looks the same.
  func tellOfAbsentInterfaces() {
    guard server.environment.loadConfiguration != nil else { return }
    let (rules, interfaces, server) = (policy.rules, server.driver.interfaces, server)
    // A thousand rules and two thousand interfaces take a while.
    _ = server.lookups.add { isUnloading in
      guard !isUnloading else { return }
      var isThere: [InterfaceMatch: Bool] = [:]
      let absent = rules.filter { rule in
        let isKnown = isThere[rule.interface]
        let found = isKnown ?? interfaces.contains { rule.interface.matches($0) }
        isThere[rule.interface] = found
        return !found
      }
      for rule in absent.prefix(ControlLoop.absentLines) {
        server.log(
          .warning,
          "\(rule.origin): rule '\(rule.name)' is for an interface that is not there yet. It holds "
            + "when one comes; ip link shows those that are there")
      }
      let more = absent.count - ControlLoop.absentLines
      if more > 0 { server.log(.warning, "\(more) more rules are for interfaces not there yet") }
    }
  }

  /// The most rules that are named.
  private static let absentLines = 10

  private func startNextReload() {
    guard !reloads.isRunning else { return }
    if !reloads.waiting.isEmpty {
      startReload()
    } else if reloads.mustRefreshAccounts {
      accountsChanged()
    }
  }

  private func finishReload(_ reply: ReloadReply) {
    history.note(reply)
    server.environment.reloading(reply.refusal.isEmpty ? .taken : .refused(reply.refusal))
    let served = reloads.served
    reloads.served = []
    reloads.isRunning = false
    for answer in served { answer(reply) }
    startNextReload()
  }
}
