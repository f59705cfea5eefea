internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import Synchronization
internal import WDF

/// Collects the answers of several loops to one request.
final class StatisticsGather: @unchecked Sendable {  // Confined to control.
  let after: StatisticsObject.Key
  var sets: [CounterSet] = []
  var outstanding = 1

  init(after: StatisticsObject.Key) { self.after = after }
}

/// What one page of an answer can consist of.
///
/// Nothing else is counted for it, so that a request costs as much as its answer, independent of the
/// number of clients.
///
/// - Source: threats T5, T21
struct StatisticsScope: Sendable {
  /// More counters than any page has room for.
  static let maximumCount =
    MessageHeader.maximumPayloadByteCount / StatisticsObject.counterByteCount + 1
  /// The user; nil for all users.
  let userID: UInt32?
  /// The last object of the previous page.
  let after: StatisticsObject.Key

  func contains(_ open: OpenContext) -> Bool {
    contains(.open, open.client.userID, open.binding.interfaceIndex, open.id)
  }

  func contains(_ session: Session) -> Bool {
    contains(
      .session, session.credentials.userID, session.open?.binding.interfaceIndex ?? 0,
      session.number)
  }

  private func contains(
    _ kind: StatisticsObject.Kind, _ user: UInt32, _ interfaceIndex: Int32, _ id: UInt64
  ) -> Bool {
    guard userID == nil || userID == user else { return false }
    return StatisticsObject.Key(
      kind: kind, interfaceIndex: UInt32(bitPattern: interfaceIndex), id: id) > after
  }
}

// STATISTICS: counters live on the bindings' threads, so each is queried, and the last one answers.

extension ControlLoop {
  func gatherStatistics(
    _ wanted: StatisticsRequest, _ parcel: RequestBox, for session: Session
  ) {
    statistics.append((wanted, parcel, session))
    nextStatistics()
  }

  private func nextStatistics() {
    guard let question = statistics.begin() else { return }
    work(for: question.session) {
      gather(question.wanted, question.parcel, for: question.session)
    }
  }

  private func gather(
    _ wanted: StatisticsRequest, _ parcel: RequestBox, for session: Session
  ) {
    guard !wanted.isForTotals else { return gatherTotals(wanted, parcel, for: session) }
    let interfaceIndex = wanted.interfaceIndex
    let gather = StatisticsGather(after: wanted.after)
    let user = session.credentials.userID
    let scope = StatisticsScope(userID: user == 0 ? nil : user, after: wanted.after)
    for binding in server.driver.bindings.snapshot.bindings
    where interfaceIndex == 0
      || UInt32(bitPattern: binding.interfaceIndex) == interfaceIndex
    {
      guard let host = runningLoop(of: binding) else {
        gather.sets.append(binding.idleCounters())
        continue
      }
      gather.outstanding += 1
      let isMailed = host.loop.post { [weak self] in
        let sets = host.counters(scope)
        guard let self else { return }
        _ = loop.post {
          self.work(for: session) { self.add(sets, to: gather, parcel, for: session) }
        }
      }
      if !isMailed { add([binding.idleCounters()], to: gather, parcel, for: session) }
    }
    let idle = sessionsHere.compactMap(\.open)
      .filter {
        scope.contains($0)
          && (interfaceIndex == 0
            || UInt32(bitPattern: $0.binding.interfaceIndex) == interfaceIndex)
      }
      .map { $0.counters() }
    meter.settle()
    let own = sessionsHere.filter(scope.contains).map(\.counterSet)
    let total = interfaceIndex == 0 ? [ownCounters] + limits : []
    add(idle + own + total, to: gather, parcel, for: session)
  }

  /// Counters of the daemon as a whole: for root, and for the user that runs the daemon.
  private var ownCounters: CounterSet {
    CounterSet(
      kind: .daemon, userID: server.ownUserID, interfaceIndex: 0, id: 0, name: "ndisprotd",
      values: [(.linkResyncs, UInt64(clamping: watch?.resyncCount ?? 0))])
  }

  /// What clients hold of each limited resource, for the same users.
  private var limits: [CounterSet] {
    // The first budget is that of sessions.
    let scrapers = server.scraperCount.load(ordering: .relaxed)
    return server.budgets.uses.enumerated().map { index, use in
      let limits = use.limits
      let used = use.used - (index == 0 ? scrapers : 0)
      let bounds: [(Counter, Int?)] = [
        (.limitOfAll, limits.all), (.limitOfUser, limits.user), (.limitOfSession, limits.session),
      ]
      let values: [(Counter, UInt64)] =
        [(.limitUsed, UInt64(clamping: used)), (.limitRefused, use.refused)]
        + bounds.compactMap { counter, bound in bound.map { (counter, UInt64(clamping: $0)) } }
      return CounterSet(
        kind: .limit, userID: server.ownUserID, interfaceIndex: 0, id: UInt64(index),
        name: use.name, values: values)
    }
  }

  private func add(
    _ sets: [CounterSet], to gather: StatisticsGather, _ parcel: RequestBox,
    for session: Session
  ) {
    gather.sets += sets
    gather.outstanding -= 1
    guard gather.outstanding == 0 else { return }
    end(gather, parcel, for: session)
  }

  /// All loops have answered.
  func end(_ gather: StatisticsGather, _ parcel: RequestBox, for session: Session) {
    answer(gather, parcel, for: session)
    // The answer is sent in a turn of its own, even if no loop had to be queried: messages that
    // arrived meanwhile come first.
    _ = loop.post {
      self.statistics.end()
      self.nextStatistics()
    }
  }

  private func answer(
    _ gather: StatisticsGather, _ parcel: RequestBox, for session: Session
  ) {
    let client = session.credentials
    let shown = server.driver.bindings.snapshot.bindings
      .filter { policy.shows($0.snapshot.attributes, to: client) }.map(\.interfaceIndex)
    let visible = gather.sets.filter {
      client.userID == 0 || $0.userID == client.userID
        || ($0.kind == .binding && shown.contains($0.interfaceIndex))
    }
    // Each page is counted again: an object that appears or disappears meanwhile affects no other.
    let sets = visible.map { (key: StatisticsObject.Key($0), set: $0) }
      .filter { $0.key > gather.after }.sorted { $0.key < $1.key }
    let reply = StatisticsReply(
      objects: sets.lazy.map { StatisticsObject($0.set) },
      byteLimit: MessageHeader.maximumPayloadByteCount)
    let (output, count) = (reply.encoded, reply.objects.count)
    session.onHost { $0.answerStatistics(parcel, output, count) }
  }
}

extension Session {
  /// Runs work on the loop that has the session: now, or when the work has reached that loop.
  func onHost(_ work: @escaping @Sendable (Session) -> Void) {
    let host = self.host
    if host.loop.isCurrent {
      work(self)
    } else {
      _ = host.loop.post { self.onHost(work) }
    }
  }
}

extension StatisticsObject.Key {
  /// The sort position of the object with these counters.
  init(_ set: CounterSet) {
    self.init(
      kind: StatisticsObject.Kind(rawValue: set.kind.rawValue),
      interfaceIndex: UInt32(bitPattern: set.interfaceIndex), id: set.id)
  }
}

extension StatisticsObject {
  /// One object of the answer.
  init(_ set: CounterSet) {
    let key = Key(set)
    self.init(
      kind: key.kind, interfaceIndex: key.interfaceIndex, id: key.id, name: set.name,
      readings: set.values.map { Reading($0, $1) })
  }
}
