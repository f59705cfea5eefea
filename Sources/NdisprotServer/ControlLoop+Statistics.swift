internal import EventLoop
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import WDF

/// The answers of several loops to one question, counted in.
private final class StatisticsGather: @unchecked Sendable {  // Confined to control.
  let after: StatisticsObject.Key
  var sets: [CounterSet] = []
  var outstanding = 1

  init(after: StatisticsObject.Key) { self.after = after }
}

// STATISTICS: counters live on the bindings' threads, so each is asked, and the last one answers.

extension ControlLoop {
  func gatherStatistics(
    _ wanted: StatisticsRequest, _ parcel: RequestParcel, for session: Session
  ) {
    let interfaceIndex = wanted.interfaceIndex
    let gather = StatisticsGather(after: wanted.after)
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
        let sets = host.counters()
        guard let self else { return }
        _ = loop.post { self.add(sets, to: gather, parcel, for: session) }
      }
      if !isMailed { add([binding.idleCounters()], to: gather, parcel, for: session) }
    }
    let idle = sessionsHere.compactMap(\.open)
      .filter {
        interfaceIndex == 0
          || UInt32(bitPattern: $0.binding.interfaceIndex) == interfaceIndex
      }
      .map { $0.idleCounters() }
    let own = sessionsHere.map(\.counterSet)
    add(idle + own, to: gather, parcel, for: session)
  }

  private func add(
    _ sets: [CounterSet], to gather: StatisticsGather, _ parcel: RequestParcel,
    for session: Session
  ) {
    gather.sets += sets
    gather.outstanding -= 1
    guard gather.outstanding == 0 else { return }
    let client = session.credentials
    let shown = server.driver.bindings.snapshot.bindings
      .filter { policy.shows($0.snapshot.attributes, to: client) }.map(\.interfaceIndex)
    let visible = gather.sets.filter {
      client.userID == 0 || $0.userID == client.userID
        || ($0.kind == .binding && shown.contains($0.interfaceIndex))
    }
    // Each page counts anew: an object that comes or goes meanwhile disturbs no other.
    let objects = visible.map(StatisticsObject.init).filter { $0.key > gather.after }
    let reply = StatisticsReply(
      objects: objects.sorted { $0.key < $1.key },
      byteLimit: MessageHeader.maximumPayloadByteCount)
    answer(reply.encoded, reply.objects.count, parcel, for: session)
  }
}

extension Session {
  /// Runs work on the loop that has the session, now or when it has arrived there.
  func onHost(_ work: @escaping @Sendable (Session) -> Void) {
    let host = self.host
    if host.loop.isCurrent {
      work(self)
    } else {
      _ = host.loop.post { self.onHost(work) }
    }
  }
}

extension StatisticsObject {
  /// One object of the answer.
  init(_ set: CounterSet) {
    self.init(
      kind: Kind(rawValue: set.kind.rawValue),
      interfaceIndex: UInt32(bitPattern: set.interfaceIndex), id: set.id, name: set.name,
      readings: set.values.map { Reading($0, $1) })
  }
}
