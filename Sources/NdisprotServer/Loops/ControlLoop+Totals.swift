internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import Synchronization
internal import WDF

// STATISTICS, after the limits: what each user did since the start, and what was denied. The
// metrics are computed from this; the session that asks is not counted.

extension StatisticsRequest {
  /// Whether it asks for totals; other requests are answered without them.
  var isForTotals: Bool { after.kind.rawValue >= StatisticsObject.Kind.firstTotal.rawValue - 1 }
}

extension Session {
  /// The session asks for totals: neither it nor its activity is counted in them.
  func becomeScraper() {
    guard !isScraper else { return }
    isScraper = true
    server.scraperCount.add(1, ordering: .relaxed)
  }

  /// The session has ended: adds its counters to its user's totals.
  func fold() {
    guard isScraper else {
      server.totals.add(userSet)
      return
    }
    server.scraperCount.subtract(1, ordering: .relaxed)
  }

  /// Its counters, as they appear in the user's row.
  var userSet: CounterSet {
    var set = counterSet
    if !isKnown { set.userID = UserTotals.strangers }
    return set
  }

  /// What it counts for its user now; dead opens are not included.
  var liveCounters: [CounterSet] {
    guard !isScraper else { return [] }
    let open = isCloseAudited ? nil : open
    return [userSet] + (open.map { [$0.counters()] } ?? [])
  }
}

extension ControlLoop {
  func gatherTotals(
    _ wanted: StatisticsRequest, _ parcel: RequestBox, for session: Session
  ) {
    let gather = StatisticsGather(after: wanted.after)
    // Read before the live counters: what ends in between is missed once, and never counted twice.
    let closed = server.totals.all
    for thread in threads.values {
      let host = thread.loop
      gather.outstanding += 1
      let isMailed = host.loop.post { [weak self] in
        let live = host.liveCounters
        guard let self else { return }
        _ = loop.post {
          self.work(for: session) { self.addTotals(live, closed, to: gather, parcel, for: session) }
        }
      }
      if !isMailed { gather.outstanding -= 1 }
    }
    meter.settle()
    addTotals(sessionsHere.flatMap(\.liveCounters), closed, to: gather, parcel, for: session)
  }

  private func addTotals(
    _ live: [CounterSet], _ closed: [UserTotals.Key: UserTotals.Counts],
    to gather: StatisticsGather, _ parcel: RequestBox, for session: Session
  ) {
    gather.sets += live
    gather.outstanding -= 1
    guard gather.outstanding == 0 else { return }
    let names = server.userNames
    gather.sets = userReport.sets(closed, live: gather.sets) { names.name(of: $0) } + denialSets
    end(gather, parcel, for: session)
  }

  private var denialSets: [CounterSet] {
    server.denials.all.enumerated().map { index, row in
      CounterSet(
        kind: .denial, userID: server.ownUserID, interfaceIndex: 0, id: UInt64(index),
        name: row.reason.rawValue, values: [(.denied, row.count)])
    }
  }
}
