internal import ArgumentParser
internal import Glibc
internal import NdisprotClient
internal import Platform

/// How fast a file is replayed.
enum ReplayPace: Equatable, ExpressibleByArgument {
  /// As captured, this many times as fast.
  case original(speed: Double)
  /// This many frames per second.
  case rate(Double)
  /// As fast as possible.
  case topSpeed

  var defaultValueDescription: String {
    switch self {
    case .original(let speed): speed == 1 ? "original" : "x\(speed)"
    case .rate(let rate): "\(rate)"
    case .topSpeed: "topspeed"
    }
  }

  init?(argument: String) {
    switch argument {
    case "original": self = .original(speed: 1)
    case "topspeed": self = .topSpeed
    default:
      let isSpeed = argument.hasPrefix("x")
      guard let number = Double(isSpeed ? String(argument.dropFirst()) : argument), number >= 1e-3,
        number <= 1e9
      else { return nil }
      self = isSpeed ? .original(speed: number) : .rate(number)
    }
  }
}

/// Computes when the next frame is due, waits for that, and measures how late it was.
///
/// - Thread: one
struct Pacer {
  private let pace: ReplayPace
  private let start: UInt64
  /// The time of the first frame in the file, and its due time.
  private var first: (captured: UInt64, due: UInt64)?
  private var last: UInt64
  private var frameCount: UInt64 = 0
  /// How late frames were passed to the daemon.
  private(set) var jitter = Jitter()

  init(_ pace: ReplayPace) {
    self.pace = pace
    start = monotonicNanoseconds()
    last = start
  }

  /// The file starts over: its first frame is due directly after the last one.
  mutating func beginLoop() { first = nil }

  /// When a frame is due, on the monotonic clock; nil means at once.
  mutating func due(_ timestamp: UInt64) -> UInt64? {
    switch pace {
    case .topSpeed: return nil
    case .rate(let rate):
      // Relative to the start, so that errors do not add up.
      last = start &+ Self.clamped(Double(frameCount) / rate * 1e9)
      frameCount += 1
    case .original(let speed):
      let first = first ?? (timestamp, last)
      self.first = first
      // A frame whose time is before the previous one's is sent at once.
      let distance = timestamp - min(timestamp, first.captured)
      last = max(last, first.due &+ Self.clamped(Double(distance) / speed))
    }
    return last
  }

  private static func clamped(_ nanoseconds: Double) -> UInt64 {
    UInt64(min(max(0, nanoseconds), 1e18))
  }

  /// Waits until a frame is due; false if it was interrupted.
  ///
  /// The kernel wakes a thread some 60 us late: for the last part the thread spins.
  mutating func wait(until due: UInt64, _ interruption: CancellationToken?) -> Bool {
    while true {
      if interruption?.isRaised == true { return false }
      let now = monotonicNanoseconds()
      guard now < due else { return true }
      guard due - now > 150_000 else {
        sched_yield()
        continue
      }
      let pause = min(due - now - 100_000, 100_000_000)
      var time = timespec(tv_sec: 0, tv_nsec: Int(pause))
      unsafe nanosleep(&time, nil)
    }
  }

  /// Records that a frame with this due time is sent now.
  mutating func note(due: UInt64) {
    let now = monotonicNanoseconds()
    jitter.add(now - min(now, due))
  }
}

/// A distribution of delays in microseconds: the median, the 99th percentile and the maximum.
struct Jitter {
  private var counts = [UInt64](repeating: 0, count: 100_001)
  private var total: UInt64 = 0
  private(set) var worst: UInt64 = 0

  mutating func add(_ nanoseconds: UInt64) {
    let microseconds = nanoseconds / 1_000
    counts[Int(min(microseconds, 100_000))] += 1
    total += 1
    worst = max(worst, microseconds)
  }

  /// Whether there are any measurements.
  var isKnown: Bool { total > 0 }

  /// The delay in microseconds that this many percent do not exceed.
  func percentile(_ percent: UInt64) -> UInt64 {
    let wanted = max(1, (total / 100) * percent + (total % 100) * percent / 100)
    var sum: UInt64 = 0
    for (microseconds, count) in counts.enumerated() {
      sum += count
      if sum >= wanted { return min(UInt64(microseconds), worst) }
    }
    return worst
  }
}
