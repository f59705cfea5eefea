import Glibc

/// Seconds that a test waits for what must come.
///
/// They end a test that hangs and measure nothing: beside other work on the machine a millisecond
/// becomes seconds.
let patience = 60.0

/// A moment on the clock that nobody sets.
struct Deadline {
  private let nanoseconds: UInt64

  /// The moment that many seconds from now.
  init(seconds: Double) { nanoseconds = Deadline.now + UInt64(seconds * 1e9) }

  /// Whether it is past.
  var isOver: Bool { Deadline.now >= nanoseconds }

  /// What is left, as poll(2) wants it.
  var milliseconds: Int32 {
    let now = Deadline.now
    return now >= nanoseconds ? 0 : Int32((nanoseconds - now + 999_999) / 1_000_000)
  }

  /// Nanoseconds since some moment in the past.
  static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// Waits until something is so; the test fails if it is not so in time.
///
/// - Throws: `LabError.timedOut` with `what`
func eventually(
  _ what: String, seconds: Double = patience, isSo: () throws -> Bool
) throws {
  let deadline = Deadline(seconds: seconds)
  while try !isSo() {
    guard !deadline.isOver else { throw LabError.timedOut(what) }
    usleep(3_000)
  }
}
