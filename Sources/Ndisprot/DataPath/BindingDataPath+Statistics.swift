public import NDIS

extension BindingDataPath {
  /// The counters of the binding and of the opens asked for, at one moment.
  ///
  /// - Parameters:
  ///   - limit: how many opens to report, lowest numbers first; an open's counters are never cut
  ///   - isWanted: called for each open
  /// - Returns: the binding first
  /// - Source: `ndisprotd.docc/Reliability.md` section 1
  public func counters(
    upTo limit: Int = .max, of isWanted: (OpenContext) -> Bool = { _ in true }
  ) -> [CounterSet] {
    var whole = binding.counted
    whole.add(totals)
    var sets = [binding.counters(whole)]
    var count = 0
    for open in opens.lazy.filter(isWanted) {
      guard count < limit else { break }
      receivePath.settle(open)
      let set = open.counters()
      sets.append(set)
      count += set.values.count
    }
    return sets
  }

  /// What was counted here, closed opens included.
  var totals: AdapterBinding.Totals {
    var totals = past
    totals.kernel = capture.statistics
    receivePath.add(to: &totals)
    transmitQueue.add(to: &totals)
    totals.ring = capture.ring
    for open in opens { totals.add(sentBy: open) }
    return totals
  }

  /// What the binding counted, and what is queued here.
  public var traffic: BindingTraffic {
    var whole = binding.counted
    whole.add(totals)
    var traffic = whole.traffic
    traffic.waitingFrames = transmitQueue.pendedFrames
    traffic.captureRingByteCount = UInt64(clamping: capture.ringByteCount)
    return traffic
  }
}

extension AdapterBinding {
  /// What was counted while the binding had a thread, for a binding that has none now.
  public var idleTraffic: BindingTraffic { counted.traffic }
}

extension AdapterBinding.Totals {
  /// The counts by kind of destination.
  fileprivate var traffic: BindingTraffic {
    var traffic = BindingTraffic()
    traffic.received = nonUnicast.received(of: TrafficCounts.Pair(frames: frames, bytes: bytes))
    traffic.sent = nonUnicast.sent(of: TrafficCounts.Pair(frames: sent, bytes: sentBytes))
    traffic.captureDrops = kernel.drops
    return traffic
  }

  /// Adds what an open sent.
  mutating func add(sentBy open: OpenContext) {
    sent &+= open.transmit.sent
    sentBytes &+= open.transmit.sentBytes
  }
}

extension OpenContext {
  /// The counters of this open as last settled; the final values for a dead open.
  public func counters() -> CounterSet {
    var values: [(Counter, UInt64)] = [
      (.rxOffered, offered?.frames ?? 0), (.rxDropState, offered?.stateDrops ?? 0),
    ]
    if let cursor {
      values += [
        (.rxOverrun, cursor.tally.overrun), (.rxMatched, cursor.tally.matched),
        (.rxUnmatchedEthertype, cursor.tally.unmatchedEtherType),
        (.rxUnmatchedFilter, cursor.tally.unmatchedFilter),
        (.rxUnmatchedDirection, cursor.tally.unmatchedDirection),
        (.rxNotPermitted, cursor.tally.notPermitted), (.rxLooped, cursor.tally.looped),
        (.rxDelivered, cursor.tally.delivered), (.rxDropFlushed, cursor.tally.dropFlushed),
        (.rxDropClosed, cursor.tally.dropClosed), (.rxDropRevoked, cursor.tally.dropRevoked),
        (.rxQueued, cursor.queuedCount),
      ]
    }
    values += [
      (.txSubmitted, transmit.submitted), (.txRejectedInvalid, transmit.rejectedInvalid),
      (.txRejectedPolicy, transmit.rejectedPolicy), (.txRejectedRate, transmit.rejectedRate),
      (.txRejectedState, transmit.rejectedState),
      (.txSent, transmit.sent), (.txBytes, transmit.sentBytes),
      (.txErrNobufs, transmit.errNobufs), (.txErrNetdown, transmit.errNetdown),
      (.txErrGone, transmit.errGone), (.txErrToolong, transmit.errToolong),
      (.txErrOther, transmit.errOther), (.txCancelled, transmit.cancelled),
      (.txPending, pendedFrames),
    ]
    return CounterSet(
      kind: .open, userID: client.userID, interfaceIndex: binding.interfaceIndex, id: id,
      name: client.name, values: values)
  }

  /// Frames of pended writes; counted independently of the other counters, so that law D4 proves
  /// something.
  var pendedFrames: UInt64 {
    writes.reduce(0) { $0 &+ UInt64(clamping: $1.recordCount &- $1.index) }
  }
}

extension AdapterBinding {
  /// The counters of a binding without opens, which captures nothing.
  public func idleCounters() -> CounterSet { counters(counted) }

  func counters(_ totals: Totals) -> CounterSet {
    CounterSet(
      kind: .binding, interfaceIndex: interfaceIndex,
      id: UInt64(UInt32(bitPattern: interfaceIndex)), name: snapshot.attributes.name.text,
      values: [
        (.kernelPackets, totals.kernel.frames), (.kernelDrops, totals.kernel.drops),
        (.kernelRepeated, totals.kernel.repeated),
        (.rxFrames, totals.frames), (.rxBytes, totals.bytes),
        (.rxCut, totals.cut),
        (.ringFrames, UInt64(clamping: totals.ring.frameCount)),
        (.ringBytes, UInt64(clamping: totals.ring.byteCount)),
        (.txSent, totals.sent), (.txBytes, totals.sentBytes),
        (.oidAsked, askedCounts.asked), (.oidTimedOut, askedCounts.timedOut),
      ])
  }
}
