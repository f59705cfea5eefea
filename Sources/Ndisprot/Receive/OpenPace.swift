internal import Platform

/// How fast frames come for one open: in bulk, where one more or less does not matter, or sparsely,
/// where each may be what somebody waits for.
/// ```
///   served ──► sparse ◄──25 frames a millisecond──► bulk
///                └──────── nothing for 100 ms ────────┴──► quiet
/// ```
///
/// - Units: nanoseconds
/// - Thread: the binding's thread
struct OpenPace {
  /// What an open's frames are like.
  enum Verdict: Equatable {
    /// None came for long.
    case quiet
    /// Each is to be handed over at once.
    case sparse
    /// They may gather.
    case bulk
  }

  /// Frames of a window from which on they are bulk: a hundred times what a cycle of a field bus has.
  static let bulkFrames: UInt64 = 25
  static let windowNanoseconds: UInt64 = 1_000_000
  /// As long as the slowest cycle for which the thread is kept awake.
  static let quietNanoseconds: UInt64 = 100_000_000

  private var windowStart: UInt64
  private var framesBefore: UInt64
  private var lastFrames: UInt64
  private var lastChange: UInt64
  /// Its last verdict, unless that was quiet.
  private(set) var isBulk = false

  /// Begins with the first frames after a quiet time.
  init(framesBefore: UInt64, atNanoseconds now: UInt64) {
    self.framesBefore = framesBefore
    lastFrames = framesBefore
    (windowStart, lastChange) = (now, now)
  }

  /// Looks at how many frames were handed over until now.
  mutating func look(frames: UInt64, atNanoseconds now: UInt64) -> Verdict {
    if frames != lastFrames { (lastFrames, lastChange) = (frames, now) }
    guard nanosecondsPassed(since: lastChange, until: now) < Self.quietNanoseconds else {
      return .quiet
    }
    let count = frames &- framesBefore
    let elapsed = nanosecondsPassed(since: windowStart, until: now)
    if elapsed >= Self.windowNanoseconds {
      isBulk = count &* Self.windowNanoseconds / Self.bulkFrames >= elapsed
      (windowStart, framesBefore) = (now, frames)
    } else if count >= Self.bulkFrames {
      isBulk = true
    }
    return isBulk ? .bulk : .sparse
  }
}

/// The opens of a binding that frames were handed over to not long ago, and whether all of them have
/// frames in bulk.
///
/// - Thread: the binding's thread
struct OpenPaces {
  /// How long a verdict on all holds, unless another open comes.
  static let holdNanoseconds: UInt64 = 250_000

  private var opens: [OpenContext] = []
  private var areAllBulk = true
  private var lastLook: UInt64?

  /// Frames were handed over to an open.
  @inline(__always) mutating func noteServed(_ open: OpenContext) {
    if !open.isPaced { insert(open) }
  }

  private mutating func insert(_ open: OpenContext) {
    open.isPaced = true
    open.pace = nil
    opens.append(open)
    lastLook = nil
  }

  /// Takes an open out.
  mutating func remove(_ open: OpenContext) {
    guard open.isPaced else { return }
    open.isPaced = false
    opens.removeAll { $0 === open }
    lastLook = nil
  }

  /// Whether none of them has frames of which each is to be handed over at once.
  mutating func areBulk(nowNanoseconds now: UInt64) -> Bool {
    if let lastLook, nanosecondsPassed(since: lastLook, until: now) < Self.holdNanoseconds {
      return areAllBulk
    }
    lastLook = now
    areAllBulk = true
    var index = opens.endIndex
    while index > opens.startIndex {
      index -= 1
      switch verdict(on: opens[index], now) {
      case .sparse: areAllBulk = false
      case .bulk: break
      case .quiet:
        opens[index].isPaced = false
        opens.swapAt(index, opens.endIndex - 1)
        opens.removeLast()
      }
    }
    return areAllBulk
  }

  private func verdict(on open: OpenContext, _ now: UInt64) -> OpenPace.Verdict {
    let frames = open.cursor?.tally.delivered ?? 0
    guard open.pace != nil else {
      open.pace = OpenPace(framesBefore: frames, atNanoseconds: now)
      return .sparse
    }
    return open.pace?.look(frames: frames, atNanoseconds: now) ?? .quiet
  }
}

extension OpenContext {
  /// Whether its frames come in bulk, so that they may wait for each other.
  var isBulk: Bool { isPaced && pace?.isBulk == true }
}
