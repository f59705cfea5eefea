internal import Platform

/// A moment of the monotonic clock at which to give up.
///
/// - Source: CLOCK_MONOTONIC, clock_gettime(2)
public struct Deadline: Hashable, Sendable {
  private let nanoseconds: UInt64

  /// Never passes.
  public static let never = Deadline(nanoseconds: .max)

  /// Now: allows no waiting.
  public static var now: Deadline { Deadline(nanoseconds: monotonicNanoseconds()) }

  private init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  /// This long from now; nil never passes.
  public init(after duration: Duration?) {
    guard let duration else {
      self = .never
      return
    }
    if let few = UInt64(exactly: duration.attoseconds) {
      // Up to 18 seconds: the division of a longer time takes ten times as long.
      nanoseconds = monotonicNanoseconds() + few / 1_000_000_000
      return
    }
    let (seconds, attoseconds) = duration.components
    // A century is as good as never, and keeps the sum within 64 bits.
    let whole = UInt64(clamping: min(seconds, 3_000_000_000)) * 1_000_000_000
    let part = UInt64(clamping: attoseconds / 1_000_000_000)
    nanoseconds = monotonicNanoseconds() + whole + part
  }

  /// The earlier of both.
  public static func earlier(_ first: Deadline, _ second: Deadline) -> Deadline {
    first.nanoseconds <= second.nanoseconds ? first : second
  }

  /// Whether it has passed.
  public var isPast: Bool { nanoseconds != .max && monotonicNanoseconds() >= nanoseconds }

  /// Whether at least this much time is left.
  func leaves(nanoseconds wanted: UInt64) -> Bool {
    nanoseconds == .max || nanoseconds > monotonicNanoseconds() &+ wanted
  }

  /// The time left; nil if it never passes.
  public var remaining: Duration? {
    guard nanoseconds != .max else { return nil }
    let now = monotonicNanoseconds()
    return .nanoseconds(Int64(clamping: nanoseconds - min(now, nanoseconds)))
  }

  /// The time left, for poll(2): rounded up, so that a wait never ends too early; -1 is no end.
  var pollMilliseconds: Int32 {
    guard nanoseconds != .max else { return -1 }
    let now = monotonicNanoseconds()
    guard now < nanoseconds else { return 0 }
    return Int32(clamping: (nanoseconds - now + 999_999) / 1_000_000)
  }
}

extension Duration {
  /// Whole milliseconds, rounded up, as the daemon counts waits; negative durations become 0.
  var wholeMilliseconds: UInt32 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return UInt32(clamping: min(seconds, 5_000_000) * 1_000 + part)
  }
}
