internal import NDIS

extension BindingDataPath {
  /// The counters of the binding and of its opens, at one moment.
  ///
  /// - Source: `spec/reliability.md` section 1
  public func counters() -> [CounterSet] {
    let look = binding.snapshot
    let kernel = miniport.statistics
    let frames = unsafe hot.pointee.frames
    var sets = [
      CounterSet(
        kind: .binding, interfaceIndex: binding.interfaceIndex,
        id: UInt64(UInt32(bitPattern: binding.interfaceIndex)), name: look.attributes.name,
        values: [
          (.kernelPackets, kernel.frames), (.kernelDrops, kernel.drops), (.rxFrames, frames),
          (.rxBytes, unsafe hot.pointee.bytes),
        ])
    ]
    for open in opens {
      unsafe open.cursor?.advance(hot.pointee.ring, open.filter)
      sets.append(
        open.counters(
          offered: frames &- open.framesAtOpen,
          dropState: unsafe hot.pointee.stateDrops &- open.stateDropsAtOpen))
    }
    return sets
  }
}

extension OpenContext {
  /// The counters of this open; the binding's share is given.
  func counters(offered: UInt64, dropState: UInt64) -> CounterSet {
    var values: [(Counter, UInt64)] = [(.rxOffered, offered), (.rxDropState, dropState)]
    if let cursor {
      values += [
        (.rxOverrun, cursor.overrun), (.rxMatched, cursor.matched),
        (.rxUnmatchedEtherType, cursor.unmatchedEtherType),
        (.rxUnmatchedFilter, cursor.unmatchedFilter),
        (.rxUnmatchedDirection, cursor.unmatchedDirection), (.rxLooped, cursor.looped),
        (.rxDelivered, cursor.delivered), (.rxDropFlushed, cursor.dropFlushed),
        (.rxDropClosed, cursor.dropClosed), (.rxQueued, cursor.queuedCount),
      ]
    }
    values += [
      (.txSubmitted, transmit.submitted), (.txRejectedInvalid, transmit.rejectedInvalid),
      (.txRejectedPolicy, transmit.rejectedPolicy), (.txRejectedState, transmit.rejectedState),
      (.txSent, transmit.sent), (.txBytes, transmit.sentBytes),
      (.txErrNobufs, transmit.errNobufs), (.txErrNetdown, transmit.errNetdown),
      (.txErrGone, transmit.errGone), (.txErrToolong, transmit.errToolong),
      (.txErrOther, transmit.errOther), (.txCancelled, transmit.cancelled),
      (.txPending, transmit.pending),
    ]
    return CounterSet(
      kind: .open, interfaceIndex: binding.interfaceIndex, id: UInt64(id), name: clientName,
      values: values)
  }

  /// The counters of an open that moves no frames.
  public func idleCounters() -> CounterSet { counters(offered: 0, dropState: 0) }
}
