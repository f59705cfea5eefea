/// A timer that is created once and can be armed any number of times.
///
/// Arming it again moves it; firing disarms it before its closure runs, which may arm it again. It
/// never fires in the turn that armed it, so a delay of 0 means the next turn. The loop keeps an
/// armed timer alive; the closure should capture its owner weakly or unowned.
///
/// - Thread: one loop's
/// - Complexity: arming, disarming and firing are O(log n) of the armed timers and allocate nothing
/// - Windows: WDFTIMER
public final class LoopTimer: DeadlineHeapItem {
  let fire: () -> Void
  /// Its index in its loop's heap; -1 if it is not armed.
  public var heapIndex = -1

  /// Creates a timer that is not armed.
  public init(_ fire: @escaping () -> Void) { self.fire = fire }

  /// Whether it is armed.
  public var isArmed: Bool { heapIndex >= 0 }
}
