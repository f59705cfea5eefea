internal import MDL
internal import NDIS

/// An open's position in its binding's receive ring, and its receive counters.
///
/// There are two positions: up to `classified` every record has been judged once and counted; from
/// `position` on the matching ones wait to be read. A reader advances both; reading the counters
/// advances only `classified`, so that the conservation laws hold at any quiet moment.
///
/// ```
///   head        position         classified      tail
///    ▼─ overrun ─▼─ queuedCount ───▼─ not judged ──▼
/// ```
///
/// - Thread: the binding's thread
/// - Source: `ndisprotd.docc/Architecture.md` section 2; `ndisprotd.docc/Reliability.md` section
///   1 (D2, D3); R-29
struct ReceiveCursor {
  /// Where reading continues.
  private(set) var position: Int
  private var classified: Int
  private var classifiedNumber: UInt64
  /// Matching records in `position ..< classified`, looped ones included.
  private(set) var queuedCount: UInt64 = 0
  /// Looped records of this open in `classified ..< tail`.
  private var loopedUnclassified: UInt64 = 0
  /// How many bytes of the ring are kept for this open while it has no read pended.
  let windowByteCount: Int
  /// `compat` opens: the most matching records that are kept then.
  let depth: Int?

  /// The counts of the records so far.
  private(set) var tally = ReceiveTally()

  /// Starts after everything in the ring (D-28).
  init(at ring: borrowing ReceiveRing, windowByteCount: Int, depth: Int?) {
    position = ring.tail
    classified = ring.tail
    classifiedNumber = ring.tailNumber
    self.windowByteCount = min(windowByteCount, ring.capacity)
    self.depth = depth
  }

  /// Counts a frame of this open that was just looped into the ring.
  mutating func noteLooped() {
    tally.noteLooped()
    loopedUnclassified &+= 1
  }

  /// Judges all records that are not judged yet, after dropping what is lost.
  mutating func advance(_ ring: borrowing ReceiveRing, _ filter: ReceiveFilter) {
    catchUp(ring, filter)
    var last = ReceiveFilter.LastVerdict()
    while classified < ring.alikeStart { _ = classifyNext(ring, filter, &last) }
    if classified < ring.tail { _ = classifyAlike(ring, filter) }
  }

  /// Judges one record and counts the verdict; true if the record is for this open.
  @inline(__always)
  private mutating func classifyNext(
    _ ring: borrowing ReceiveRing, _ filter: ReceiveFilter,
    _ last: inout ReceiveFilter.LastVerdict
  ) -> Bool {
    let isLooped = ring.flags(at: classified).contains(.looped)
    let verdict = filter.verdict(on: ring, at: classified, remembering: &last)
    classified = ring.position(after: classified)
    if isLooped {
      guard verdict == .matched else { return false }
      loopedUnclassified &-= 1
      queuedCount &+= 1
      return true
    }
    return count(verdict, 1)
  }

  /// Judges a run of identical records at once: those for this open up to the limits, others to the
  /// end; true if they are for this open.
  private mutating func classifyAlike(
    _ ring: borrowing ReceiveRing, _ filter: ReceiveFilter, byteLimit: Int = .max,
    recordLimit: Int = .max
  ) -> Bool {
    let verdict = filter.verdict(on: ring, at: classified)
    var (end, number) = (ring.tail, Int(truncatingIfNeeded: ring.tailNumber &- classifiedNumber))
    if verdict == .matched, end &- classified > byteLimit || number > recordLimit {
      (end, number) = ring.records(
        from: classified, byteLimit: byteLimit, recordLimit: recordLimit)
    }
    classified = end
    return count(verdict, UInt64(truncatingIfNeeded: number))
  }

  /// Counts captured records with a verdict; true if they are for this open.
  @inline(__always)
  private mutating func count(_ verdict: ReceiveFilter.Verdict, _ number: UInt64) -> Bool {
    classifiedNumber &+= number
    guard tally.count(verdict, number) else { return false }
    queuedCount &+= number
    return true
  }

  /// Drops what exceeds the window or the depth.
  ///
  /// These limit what is kept for future reads; a pended read gets the oldest records.
  mutating func trim(_ ring: borrowing ReceiveRing, _ filter: ReceiveFilter) {
    catchUp(ring, filter)
    if ring.tail &- position > windowByteCount { giveUp(ring, filter, beyond: windowByteCount) }
    if let depth { giveUp(beyondDepth: depth, ring, filter) }
  }

  /// Drops what was overwritten.
  @inline(__always)
  private mutating func catchUp(_ ring: borrowing ReceiveRing, _ filter: ReceiveFilter) {
    if ring.lastSeen.isFree(of: filter.signature, from: classified) { skipOthers(ring) }
    if position < ring.head { giveUp(ring, filter, beyond: .max) }
  }

  /// Skips what arrived while only other opens were served: none of it is of this open's types, so
  /// it counts as judged, even if it was overwritten.
  private mutating func skipOthers(_ ring: borrowing ReceiveRing) {
    _ = tally.count(.unmatchedEtherType, ring.lastSeen.startNumber &- classifiedNumber)
    classified = ring.lastSeen.start
    classifiedNumber = ring.lastSeen.startNumber
    if queuedCount == 0 { position = classified }
  }

  /// Bytes between the oldest record that may be for this open and the newest.
  func byteCountBehind(_ ring: borrowing ReceiveRing, _ filter: ReceiveFilter) -> Int {
    let isAtStart = queuedCount == 0 && ring.lastSeen.isFree(of: filter.signature, from: classified)
    return ring.tail &- (isAtStart ? ring.lastSeen.start : position)
  }

  /// Moves to the oldest record that still exists within the window, or to the newest of all: a
  /// window always holds one record, however long.
  ///
  /// Records counted as matched are counted in `dropFlushed`; those never judged, in `overrun`.
  private mutating func giveUp(
    _ ring: borrowing ReceiveRing, _ filter: ReceiveFilter, beyond windowByteCount: Int
  ) {
    var floor = max(position, ring.head)
    var number = classifiedNumber
    if classified < ring.head { number = ring.headNumber }
    while ring.tail &- floor > windowByteCount {
      let next = ring.position(after: floor)
      guard next < ring.tail else { break }
      if floor >= classified, !ring.flags(at: floor).contains(.looped) { number &+= 1 }
      floor = next
    }
    guard floor >= classified else {
      let remaining = filter.count(on: ring, from: floor, to: classified)
      tally.lose(queuedCount &- remaining)
      queuedCount = remaining
      position = floor
      return
    }
    let loopedLost =
      loopedUnclassified == 0
      ? 0
      : loopedUnclassified &- filter.count(on: ring, from: floor, to: ring.tail, onlyLooped: true)
    tally.lose(queuedCount &+ loopedLost)
    tally.miss(number &- classifiedNumber)
    loopedUnclassified &-= loopedLost
    queuedCount = 0
    position = floor
    classified = floor
    classifiedNumber = number
  }

  /// Keeps the newest `depth` matching records.
  private mutating func giveUp(
    beyondDepth depth: Int, _ ring: borrowing ReceiveRing, _ filter: ReceiveFilter
  ) {
    let waiting = queuedCount &+ filter.count(on: ring, from: classified, to: ring.tail)
    guard waiting > UInt64(depth) else { return }
    var excess = waiting &- UInt64(depth)
    var last = ReceiveFilter.LastVerdict()
    while excess > 0, position < classified {
      if filter.verdict(on: ring, at: position) == .matched {
        excess &-= 1
        queuedCount &-= 1
        tally.lose(1)
      }
      position = ring.position(after: position)
    }
    while excess > 0, classified < ring.tail {
      let isLooped = ring.flags(at: classified).contains(.looped)
      if filter.verdict(on: ring, at: classified) == .matched {
        excess &-= 1
        if isLooped {
          loopedUnclassified &-= 1
          tally.lose(1)
        } else {
          tally.miss(1)
          classifiedNumber &+= 1
        }
        classified = ring.position(after: classified)
      } else {
        _ = classifyNext(ring, filter, &last)
      }
      position = classified
    }
  }

  /// Drops all waiting records: low power, pause.
  mutating func flush(_ ring: borrowing ReceiveRing, _ filter: ReceiveFilter) {
    advance(ring, filter)
    tally.lose(queuedCount)
    queuedCount = 0
    position = classified
  }

  /// The open ends; its waiting records are lost.
  mutating func close(_ ring: borrowing ReceiveRing, _ filter: ReceiveFilter) {
    advance(ring, filter)
    tally.close(queuedCount)
    queuedCount = 0
    position = classified
  }

  /// Switches to another filter: drops waiting records that it would judge differently.
  ///
  /// Every record is judged by one filter, the one at its arrival; so if the new filter would
  /// accept a waiting record that the old one rejected, all waiting records are dropped.
  ///
  /// - Parameters:
  ///   - ring: the ring with the records
  ///   - old: the previous filter
  ///   - new: the new filter
  ///   - isRevoked: whether the policy took a right away, as opposed to the client asking for
  ///     another filter
  mutating func change(
    _ ring: borrowing ReceiveRing, from old: ReceiveFilter, to new: ReceiveFilter, isRevoked: Bool
  ) {
    advance(ring, old)
    var left: UInt64 = 0
    var isWidened = false
    var at = position
    while at < classified {
      let isNew = new.verdict(on: ring, at: at) == .matched
      if isNew, old.verdict(on: ring, at: at) != .matched { isWidened = true }
      if isNew { left &+= 1 }
      at = ring.position(after: at)
    }
    if isWidened {
      tally.noteLost(left)
      left = 0
      position = classified
    }
    tally.refilter(queuedCount &- left, isRevoked: isRevoked)
    queuedCount = left
  }

  /// Moves to the next record for this open; false if there is none.
  @inline(__always)
  mutating func hasFrames(_ ring: borrowing ReceiveRing, _ filter: ReceiveFilter) -> Bool {
    catchUp(ring, filter)
    var last = ReceiveFilter.LastVerdict()
    while queuedCount == 0 {
      position = classified
      guard classified < ring.tail else { return false }
      if classified < ring.alikeStart {
        _ = classifyNext(ring, filter, &last)
      } else {
        _ = classifyAlike(ring, filter, recordLimit: 1)
      }
    }
    while filter.verdict(on: ring, at: position, remembering: &last) != .matched {
      position = ring.position(after: position)
    }
    return true
  }

  /// Records that are sent in one message.
  struct Batch {
    /// Where reading continues after the batch was taken.
    var end: Int
    /// The number of records.
    var recordCount = 0
    /// The bytes of all its records.
    var byteCount = 0
  }

  /// Collects the next records for this open into `slices`, never splitting one.
  ///
  /// Call `hasFrames` first, so that the cursor stands on a record for this open. Stops at
  /// `byteLimit`, at `recordLimit`, or when the slices are full.
  /// - Complexity: O(records), no allocation
  mutating func gather(
    _ ring: borrowing ReceiveRing, _ filter: ReceiveFilter, byteLimit: Int, recordLimit: Int,
    into slices: inout RingSlices
  ) -> Batch {
    var batch = Batch(end: position)
    var last = ReceiveFilter.LastVerdict()
    var at = position
    var runStart = position
    while batch.recordCount < recordLimit {
      let isOwn: Bool
      var next = at
      var number = 1
      if at < classified {
        isOwn = filter.verdict(on: ring, at: at, remembering: &last) == .matched
        next = ring.position(after: at)
      } else if at < ring.alikeStart {
        isOwn = classifyNext(ring, filter, &last)
        next = classified
      } else {
        guard at < ring.tail else { break }
        let before = classifiedNumber
        isOwn = classifyAlike(
          ring, filter, byteLimit: byteLimit &- batch.byteCount,
          recordLimit: recordLimit &- batch.recordCount)
        next = classified
        number = Int(truncatingIfNeeded: classifiedNumber &- before)
        // None of them fitted.
        guard next > at else { break }
      }
      if isOwn {
        guard batch.byteCount &+ (next &- at) <= byteLimit, slices.hasRoom else { break }
        batch.byteCount &+= next &- at
        batch.recordCount &+= number
        batch.end = next
      } else {
        if runStart < at { slices.append(ring, from: runStart, to: at) }
        runStart = next
      }
      at = next
    }
    if runStart < batch.end { slices.append(ring, from: runStart, to: batch.end) }
    return batch
  }

  /// The reader took the batch.
  @inline(__always) mutating func consume(_ batch: Batch) {
    position = batch.end
    let count = UInt64(truncatingIfNeeded: batch.recordCount)
    queuedCount &-= count
    tally.deliver(count)
  }
}
