internal import Synchronization

/// Phase and pins of an object in one atomic word.
///
/// A pin delays destroying and nothing else. It is taken by a compare-and-swap that refuses from
/// `deletedAndDisposed` on and never turns 0 into 1, so destroying cannot be starved and cannot
/// happen twice.
///
/// - Shape: `[phase 32][pins 32]`
struct LifetimeWord: ~Copyable, Sendable {
  /// What operations the object allows; the columns A to F of the access table.
  enum Phase: UInt64, Sendable {
    case constructing, live, deleting, deletedAndDisposed, destroying, destroyed, quarantined
  }

  /// The result of an attempt to pin.
  enum Attempt: Equatable { case pinned, refused(Phase) }

  private let word: Atomic<UInt64>

  /// An object starts with one pin: that of its creation.
  init() { word = Atomic(Phase.constructing.rawValue << 32 | 1) }

  private static func phase(of word: UInt64) -> Phase {
    Phase(rawValue: word >> 32) ?? .quarantined
  }

  var phase: Phase { Self.phase(of: word.load(ordering: .acquiring)) }
  var pinCount: UInt32 { UInt32(truncatingIfNeeded: word.load(ordering: .relaxed)) }

  /// Takes a pin if the object is live or deleting.
  func pin() -> Attempt {
    var old = word.load(ordering: .relaxed)
    while true {
      let phase = Self.phase(of: old)
      let pins = UInt32(truncatingIfNeeded: old)
      guard phase == .live || phase == .deleting, pins > 0, pins < .max else {
        return .refused(self.phase)
      }
      let (exchanged, found) = word.weakCompareExchange(
        expected: old, desired: old + 1, ordering: .acquiringAndReleasing)
      if exchanged { return .pinned }
      old = found
    }
  }

  /// Takes another pin for a holder that has one already, in any phase.
  func pinAgain() { word.wrappingAdd(1, ordering: .relaxed) }

  /// Releases a pin; returns whether it was the last.
  func unpin() -> Bool {
    let (_, new) = word.wrappingSubtract(1, ordering: .acquiringAndReleasing)
    return UInt32(truncatingIfNeeded: new) == 0
  }

  /// Moves to `phase`, keeping the pins; a quarantined object stays so.
  func enter(_ phase: Phase) {
    var old = word.load(ordering: .relaxed)
    while Self.phase(of: old) != .quarantined {
      let new = phase.rawValue << 32 | (old & 0xFFFF_FFFF)
      let (exchanged, found) = word.weakCompareExchange(
        expected: old, desired: new, ordering: .acquiringAndReleasing)
      if exchanged { return }
      old = found
    }
  }
}
