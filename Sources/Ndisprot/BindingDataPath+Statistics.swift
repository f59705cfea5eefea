internal import NDIS

extension BindingDataPath {
  /// The counters of the binding and of those opens that are wanted, at one moment.
  ///
  /// - Parameters:
  ///   - limit: counters of opens that are enough, those of the lowest numbers; no open's are cut
  ///   - isWanted: asked of each open
  /// - Returns: the binding first
  /// - Source: `spec/reliability.md` section 1
  public func counters(
    upTo limit: Int = .max, of isWanted: (OpenContext) -> Bool = { _ in true }
  ) -> [CounterSet] {
    let frames = hot.value.frames
    var whole = binding.counted
    whole.add(totals)
    var sets = [binding.counters(whole)]
    var count = 0
    for open in opens.lazy.filter(isWanted) {
      guard count < limit else { break }
      open.cursor?.advance(hot.value.ring, open.filter)
      let set = open.counters(
        offered: frames &- open.framesAtOpen,
        dropState: hot.value.stateDrops &- open.stateDropsAtOpen)
      sets.append(set)
      count += set.values.count
    }
    return sets
  }

  /// What was counted here, by the opens that are closed too.
  var totals: AdapterBinding.Totals {
    var totals = past
    totals.kernel = capture.statistics
    totals.frames = hot.value.frames
    totals.bytes = hot.value.bytes
    totals.groups = hot.value.groups
    for open in opens { totals.add(sentBy: open) }
    return totals
  }
}

extension AdapterBinding.Totals {
  /// Adds what an open has sent.
  mutating func add(sentBy open: OpenContext) {
    sent &+= open.transmit.sent
    sentBytes &+= open.transmit.sentBytes
  }
}

extension OpenContext {
  /// The counters of this open; the binding's share is given.
  func counters(offered: UInt64, dropState: UInt64) -> CounterSet {
    var values: [(Counter, UInt64)] = [(.rxOffered, offered), (.rxDropState, dropState)]
    if let cursor {
      values += [
        (.rxOverrun, cursor.overrun), (.rxMatched, cursor.matched),
        (.rxUnmatchedEthertype, cursor.unmatchedEtherType),
        (.rxUnmatchedFilter, cursor.unmatchedFilter),
        (.rxUnmatchedDirection, cursor.unmatchedDirection),
        (.rxNotPermitted, cursor.notPermitted), (.rxLooped, cursor.looped),
        (.rxDelivered, cursor.delivered), (.rxDropFlushed, cursor.dropFlushed),
        (.rxDropClosed, cursor.dropClosed), (.rxDropRevoked, cursor.dropRevoked),
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
      kind: .open, userID: client.userID, interfaceIndex: binding.interfaceIndex, id: UInt64(id),
      name: client.name, values: values)
  }

  /// Frames of writes that wait; counted anew, so that law D4 says something.
  var pendedFrames: UInt64 {
    writes.reduce(0) { $0 &+ UInt64(clamping: $1.recordCount &- $1.index) }
  }

  /// The counters of an open that moves no frames.
  public func idleCounters() -> CounterSet { counters(offered: 0, dropState: 0) }
}

extension AdapterBinding {
  /// The counters of a binding that nobody has open: nothing is captured then.
  public func idleCounters() -> CounterSet { counters(counted) }

  func counters(_ totals: Totals) -> CounterSet {
    CounterSet(
      kind: .binding, interfaceIndex: interfaceIndex,
      id: UInt64(UInt32(bitPattern: interfaceIndex)), name: snapshot.attributes.name,
      values: [
        (.kernelPackets, totals.kernel.frames), (.kernelDrops, totals.kernel.drops),
        (.kernelRepeated, totals.kernel.repeated),
        (.rxFrames, totals.frames), (.rxBytes, totals.bytes),
        (.txSent, totals.sent), (.txBytes, totals.sentBytes),
        (.oidAsked, askedCounts.asked), (.oidTimedOut, askedCounts.timedOut),
      ])
  }
}
