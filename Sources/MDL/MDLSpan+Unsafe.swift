// The pointer operations of spans. Their callers have checked every range against `byteCount`, and
// `byteCount` never exceeds what head and tail hold. So each loop ends at a count, never at the end
// of the table.

extension MDLSpan {
  /// A range of a table; leading empty and leading full segments are dropped.
  ///
  /// - Precondition: `skip + byteCount` is at most the sum of the rows.
  @inlinable
  @inline(__always)
  @_lifetime(copy segments)
  init(_ segments: Span<MDLSegment>, skip: Int, byteCount: Int) {
    let table = unsafe segments.withUnsafeBufferPointer { $0.baseAddress }
    unsafe self.init(table: table, skip: skip, byteCount: byteCount)
  }

  /// The same for a bare table.
  ///
  /// The result is marked immortal: each caller narrows it.
  @inlinable
  @unsafe
  @inline(__always)
  @_lifetime(immortal)
  init(table: UnsafePointer<MDLSegment>?, skip: Int, byteCount: Int) {
    guard byteCount != 0, var row = unsafe table else {
      unsafe self.init(head: nil, headCount: 0, tail: nil, byteCount: 0)
      return
    }
    var skip = skip
    while unsafe skip >= row.pointee.byteCount {
      skip &-= unsafe row.pointee.byteCount
      unsafe row += 1
    }
    unsafe self.init(
      head: row.pointee.base.unsafelyUnwrapped + skip,
      headCount: min(row.pointee.byteCount &- skip, byteCount),
      tail: row + 1, byteCount: byteCount)
  }

  @inlinable
  @unsafe
  @inline(__always)
  @_lifetime(immortal)
  init(
    head: UnsafeMutableRawPointer?, headCount: Int, tail: UnsafePointer<MDLSegment>?, byteCount: Int
  ) {
    unsafe self.head = head
    self.headCount = headCount
    unsafe self.tail = tail
    self.byteCount = byteCount
  }

  /// `count` bytes from `start` on.
  ///
  /// - Precondition: `start + count` is at most `byteCount`.
  @inlinable
  @unsafe
  @inline(__always)
  @_lifetime(copy self)
  func part(from start: Int, _ count: Int) -> MDLSpan {
    guard start < headCount else {
      return unsafe _overrideLifetime(
        MDLSpan(table: tail, skip: start &- headCount, byteCount: count), copying: self)
    }
    return unsafe _overrideLifetime(
      MDLSpan(
        head: head.unsafelyUnwrapped + start, headCount: min(headCount &- start, count),
        tail: tail, byteCount: count),
      copying: self)
  }

  /// Visits the regions in order; `visit` returns false to stop.
  ///
  /// Never an empty region.
  @inlinable
  @unsafe
  @inline(__always)
  func walk(_ visit: (UnsafeMutableRawPointer, Int) -> Bool) {
    guard headCount != 0, unsafe visit(head.unsafelyUnwrapped, headCount) else { return }
    var left = byteCount &- headCount
    guard left != 0, var row = unsafe tail else { return }
    repeat {
      let count = unsafe min(row.pointee.byteCount, left)
      if count != 0 {
        guard unsafe visit(row.pointee.base.unsafelyUnwrapped, count) else { return }
        left &-= count
      }
      unsafe row += 1
    } while left != 0
  }

  /// Visits both spans in pieces cut at the boundaries of both, in ascending order; `visit` returns
  /// false to stop.
  ///
  /// - Precondition: both spans have the same byte count.
  /// - Returns: how many bytes precede the piece at which `visit` stopped.
  @inlinable
  @unsafe
  @inline(__always)
  func pairwise(
    _ other: MDLSpan, _ visit: (UnsafeMutableRawPointer, UnsafeMutableRawPointer, Int) -> Bool
  ) -> Int {
    guard byteCount != 0 else { return 0 }
    var left = byteCount
    var mine = unsafe head.unsafelyUnwrapped
    var mineCount = headCount
    var mineNext = unsafe tail
    var theirs = unsafe other.head.unsafelyUnwrapped
    var theirsCount = other.headCount
    var theirsNext = unsafe other.tail
    while true {
      let count = min(mineCount, theirsCount)
      guard unsafe visit(mine, theirs, count) else { return byteCount &- left }
      left &-= count
      if left == 0 { return byteCount }
      mineCount &-= count
      theirsCount &-= count
      unsafe mine += count
      unsafe theirs += count
      if mineCount == 0 { unsafe nextRegion(&mine, &mineCount, &mineNext, left) }
      if theirsCount == 0 { unsafe nextRegion(&theirs, &theirsCount, &theirsNext, left) }
    }
  }

  /// Advances one side of a pairwise iteration to its next non-empty segment, clipped to what is
  /// left.
  @inlinable
  @unsafe
  @inline(__always)
  func nextRegion(
    _ base: inout UnsafeMutableRawPointer, _ count: inout Int,
    _ next: inout UnsafePointer<MDLSegment>?, _ left: Int
  ) {
    var row = unsafe next.unsafelyUnwrapped
    while unsafe row.pointee.byteCount == 0 { unsafe row += 1 }
    unsafe base = row.pointee.base.unsafelyUnwrapped
    count = unsafe min(row.pointee.byteCount, left)
    unsafe next = unsafe row + 1
  }
}
