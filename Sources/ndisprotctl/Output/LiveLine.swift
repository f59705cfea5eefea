internal import Glibc
internal import Platform

/// A line on a terminal that says how far something is, and is replaced by the next.
///
/// It goes to standard error; where that is no terminal nothing is shown.
///
/// - Thread: one
final class LiveLine {
  private let isShown: Bool
  private var isBegun = false
  private var last: (count: UInt64, seconds: Double) = (0, 0)
  private var rate: UInt64 = 0

  init(isWanted: Bool = true) { isShown = isWanted && isatty(STDERR_FILENO) == 1 }

  /// Replaces the line.
  func show(_ text: String) {
    guard isShown else { return }
    isBegun = true
    // Cut to the width, so that one line stays one line.
    write("\r" + String(text.prefix(max(1, Terminal.size(STDERR_FILENO).columns - 1))) + "\u{1B}[K")
  }

  /// Takes the line away.
  func end() {
    guard isBegun else { return }
    isBegun = false
    write("\r\u{1B}[K")
  }

  /// How many a second since the last call.
  func rate(_ count: UInt64, at seconds: Double) -> UInt64 {
    if seconds - last.seconds >= 0.3 {
      let change = Double(count &- min(count, last.count))
      rate = UInt64(max(0, min(change / (seconds - last.seconds), 1e15)))
      last = (count, seconds)
    }
    return rate
  }

  private func write(_ text: String) { StandardOutput.write(Array(text.utf8), to: STDERR_FILENO) }
}
