internal import Glibc
internal import MDL
internal import NDIS

/// The receive ring of one binding: a byte ring of frame records that overwrites the oldest.
///
/// A captured frame is copied into it once, whoever reads it; every open is a cursor on it. A
/// position counts bytes since the ring was created, so it never repeats; `position & mask` is the
/// place in memory. Records start at multiples of 8 and may wrap, but no 8-byte granule does.
///
/// ```
///        head                cursor            tail
///   ······▼───────────────────▼─────────────────▼········
///         │ record │ record   │ record │ record │ free
///   ······┴────────┴──────────┴────────┴────────┴········
/// ```
///
/// - Shape: records as `FrameRecord` describes them; everything between `head` and `tail` is valid
/// - Thread: the binding's thread
/// - Ownership: the memory belongs to the ring; slices of it are borrowed until the next append
/// - Source: `ndisprotd.docc/Architecture.md` section 2
@safe struct ReceiveRing: ~Copyable {
  /// Owns the pages; `base` is their first byte, stored because every frame accesses granules.
  private let pages: MappedRegion
  let base: UnsafeMutableRawPointer
  let capacity: Int
  private let mask: Int

  /// Position of the oldest record, and the number of captured records before it.
  private(set) var head = 0
  private(set) var headNumber: UInt64 = 0
  /// Position after the newest record, and the number of captured records before it.
  private(set) var tail = 0
  private(set) var tailNumber: UInt64 = 0

  /// From here on all records have the same flow key, so that a verdict on one is valid for all.
  private(set) var alikeStart = 0
  private var newestKey = FlowKey()

  /// The looped records in the ring, oldest first, with their opens.
  ///
  /// They have no number: `rx.overrun` counts captured frames only (law D2).
  private(set) var looped = LoopedRecords()

  /// Which EtherTypes arrived, and when.
  private(set) var lastSeen = EtherTypeLastSeen()

  /// Maps memory for a ring; `capacity` is rounded up to a power of two from 64 KiB.
  ///
  /// - Throws: `.noMemory` if the kernel is out of memory
  init(byteCount: Int) throws(BindingError) {
    var capacity = 64 << 10
    while capacity < byteCount, capacity < 1 << 30 { capacity <<= 1 }
    guard var pages = try? MappedRegion(byteCount: capacity) else { throw .noMemory }
    // Otherwise the first lap would fault in its pages one by one, which takes as long as its
    // frames. A kernel that cannot populate them ahead (before 5.14) does it then.
    do throws(MappingError) { try pages.prefault() } catch .prefault(errno: EINVAL) {
    } catch { throw .noMemory }
    let first = unsafe pages.withMutableBytes { span in
      unsafe span.withUnsafeMutableBytes { $0.baseAddress }
    }
    guard let first = unsafe first else { throw .noMemory }
    unsafe base = first
    self.pages = pages
    self.capacity = capacity
    mask = capacity - 1
  }

  /// The 8 bytes at a position that is a multiple of 8, as a little-endian number.
  @inline(__always) func granule(at position: Int) -> UInt64 {
    unsafe base.load(fromByteOffset: position & mask, as: UInt64.self)
  }

  /// Bytes of the frame in the record at `position`.
  @inline(__always) func frameByteCount(at position: Int) -> Int {
    Int(truncatingIfNeeded: granule(at: position) & 0xFFFF_FFFF)
  }

  /// The position of the record after the one at `position`.
  @inline(__always) func position(after position: Int) -> Int {
    position &+ FrameRecord.byteCount(ofFrame: frameByteCount(at: position))
  }

  /// The flags of the record at `position`.
  @inline(__always) func flags(at position: Int) -> FrameRecord.Flags {
    FrameRecord.Flags(
      rawValue: UInt32(truncatingIfNeeded: granule(at: position &+ 16) & 0xFFFF_FFFF))
  }

  /// The fields that decide which opens the frame in the record at `position` is for; nil if it is
  /// too short.
  @inline(__always) func ethernetKey(at position: Int) -> EthernetKey? {
    let frame = position &+ FrameRecord.headerByteCount
    return EthernetKey(byteCount: frameByteCount(at: position)) { granule(at: frame &+ $0) }
  }

  /// Appends a captured frame, or a looped one for its owner; the oldest records make room.
  ///
  /// A frame longer than the ring is refused.
  /// - Complexity: one copy of the frame, no allocation (a looped frame may grow their list)
  mutating func append(
    _ frame: RawSpan, originalByteCount: Int, timestamp: UInt64, flags: FrameRecord.Flags,
    loopedFor owner: UInt64? = nil
  ) -> Bool {
    let byteCount = frame.byteCount
    let needed = FrameRecord.byteCount(ofFrame: byteCount)
    guard needed <= capacity else { return false }
    while capacity &- (tail &- head) < needed { dropOldest() }
    let start = tail
    let record = FrameRecord(
      length: UInt32(truncatingIfNeeded: byteCount),
      originalLength: UInt32(truncatingIfNeeded: originalByteCount), timestamp: timestamp,
      flags: flags)
    let place = start & mask
    if place &+ needed <= capacity {
      put(record, frame, at: place, needed)
    } else {
      putWrapped(record, frame, at: start, needed)
    }
    tail = start &+ needed
    if let owner {
      looped.append(position: start, owner: owner)
    } else {
      tailNumber &+= 1
    }
    if !newestKey.isOf(self, at: start) {
      newestKey = FlowKey(of: self, at: start)
      alikeStart = newestKey.isNone ? tail : start
      // The same key is the same type.
      lastSeen.note(EtherTypeSignature(of: self, at: start))
    }
    return true
  }

  /// Appends a captured frame with the key of the newest record, if it does not wrap and overwrites
  /// no looped record: the path of nearly every frame.
  ///
  /// - Returns: false if one of these conditions does not hold; the frame is not in the ring then
  /// - Complexity: one copy of the frame, no allocation
  @inline(__always)
  mutating func appendAlike(_ frame: ReceivedFrame) -> Bool {
    let byteCount = frame.bytes.byteCount
    let needed = FrameRecord.byteCount(ofFrame: byteCount)
    let place = tail & mask
    guard newestKey.isOf(frame), place &+ needed <= capacity else { return false }
    while tail &- head &+ needed > capacity {
      guard !flags(at: head).contains(.looped) else { return false }
      headNumber &+= 1
      head = position(after: head)
    }
    let length = UInt32(truncatingIfNeeded: byteCount)
    put(
      FrameRecord(
        length: length, originalLength: length, timestamp: frame.timestampNanoseconds,
        flags: FrameRecord.Flags(rawValue: frame.flags)),
      frame.bytes, at: place, needed)
    tail &+= needed
    tailNumber &+= 1
    return true
  }

  /// Writes a record that does not wrap.
  ///
  /// A header's fields lie in memory as in a record: the machine is a little-endian one.
  @inline(__always)
  private func put(_ record: FrameRecord, _ frame: RawSpan, at place: Int, _ byteCount: Int) {
    // The last granule first: what the frame does not fill of it must be zero.
    setGranule(0, at: place &+ byteCount &- 8)
    unsafe base.storeBytes(of: record, toByteOffset: place, as: FrameRecord.self)
    copy(frame, to: place &+ FrameRecord.headerByteCount)
  }

  /// Writes a record that wraps.
  @inline(never)
  private func putWrapped(
    _ record: FrameRecord, _ frame: RawSpan, at start: Int, _ byteCount: Int
  ) {
    setGranule(0, at: (start &+ byteCount &- 8) & mask)
    setGranule(
      UInt64(record.length) | UInt64(record.originalLength) << 32, at: start & mask)
    setGranule(record.timestamp, at: (start &+ 8) & mask)
    setGranule(UInt64(record.flags.rawValue), at: (start &+ 16) & mask)
    let place = (start &+ FrameRecord.headerByteCount) & mask
    let first = min(frame.byteCount, capacity &- place)
    copy(frame.extracting(first: first), to: place)
    copy(frame.extracting(droppingFirst: first), to: 0)
  }

  @inline(__always) private func setGranule(_ value: UInt64, at place: Int) {
    unsafe base.storeBytes(of: value, toByteOffset: place, as: UInt64.self)
  }

  @inline(__always) private func copy(_ bytes: RawSpan, to place: Int) {
    unsafe bytes.withUnsafeBytes { source in
      if let from = source.baseAddress { unsafe memcpy(base + place, from, source.count) }
    }
  }

  /// Treats the next captured frame as different from the newest record.
  mutating func forgetNewest() { newestKey = FlowKey() }

  /// The end of the whole records from `start` on that fit into `byteLimit`, and their number.
  ///
  /// - Complexity: O(records)
  func records(
    from start: Int, byteLimit: Int, recordLimit: Int
  ) -> (end: Int, count: Int) {
    var end = start
    var count = 0
    while count < recordLimit, end < tail {
      let next = position(after: end)
      guard next &- start <= byteLimit else { break }
      end = next
      count &+= 1
    }
    return (end, count)
  }

  /// Every reader that may want any of it was served.
  mutating func readersServed() {
    lastSeen.close(at: tail, tailNumber)
    // Later records are noted again.
    forgetNewest()
  }

  @inline(__always) private mutating func dropOldest() {
    if flags(at: head).contains(.looped) {
      looped.removeFirst()
    } else {
      headNumber &+= 1
    }
    head = position(after: head)
  }
}

/// The open of each looped record in a ring: a queue ordered by position.
struct LoopedRecords {
  private struct Entry {
    var position: Int
    var owner: UInt64
  }
  private var entries: [Entry] = []
  private var first = 0

  /// Adds the newest.
  mutating func append(position: Int, owner: UInt64) {
    if first > 64, first > entries.count / 2 {
      entries.removeFirst(first)
      first = 0
    }
    entries.append(Entry(position: position, owner: owner))
  }

  /// Removes the oldest, which was overwritten.
  mutating func removeFirst() {
    guard first < entries.count else { return }
    first &+= 1
    guard first == entries.count else { return }
    entries.removeAll(keepingCapacity: true)
    first = 0
  }

  /// The open of the looped record at `position`.
  func owner(at position: Int) -> UInt64? {
    var low = first
    var high = entries.count
    while low < high {
      let middle = low + (high - low) / 2
      if entries[middle].position < position { low = middle + 1 } else { high = middle }
    }
    guard low < entries.count, entries[low].position == position else { return nil }
    return entries[low].owner
  }
}
