internal import Glibc
internal import Platform

/// A progress line on a terminal, replaced by the next one.
///
/// It goes to standard error; nothing is shown unless that is a terminal.
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
    // Cut to the width, so that it never wraps.
    write("\r" + String(text.prefix(max(1, Terminal.size(STDERR_FILENO).columns - 1))) + "\u{1B}[K")
  }

  /// Removes the line.
  func end() {
    guard isBegun else { return }
    isBegun = false
    write("\r\u{1B}[K")
  }

  /// The rate per second since the last call.
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
