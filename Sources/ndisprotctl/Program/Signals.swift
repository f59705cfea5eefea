internal import Glibc
internal import NdisprotClient
internal import Platform

/// SIGINT and SIGTERM end the waits of a connection, so that a summary can be printed.
enum Signals {
  /// How long after the first signal another one ends the program at once: timeout(1) sends two
  /// within a millisecond, and a person does not press twice in this time.
  private static let patienceNanoseconds: UInt64 = 500_000_000

  /// Blocks the signals in this thread and all later ones, and starts a thread that waits for them.
  ///
  /// A second signal, half a second or more after the first, ends the program at once with a
  /// shell's exit code. If no thread can be started, the first one does.
  static func interrupt(_ interruption: CancellationToken) {
    let signals = AwaitedSignals([SIGINT, SIGTERM])
    do throws(SystemError) {
      try SystemThread.start("signals") {
        var firstTime: UInt64?
        while true {
          let number = signals.wait()
          guard number > 0 else { continue }
          let now = monotonicNanoseconds()
          if let firstTime, now - firstTime >= patienceNanoseconds { _exit(128 + number) }
          firstTime = firstTime ?? now
          interruption.raise()
        }
      }
      signals.block()
    } catch {}
  }
}
