internal import Glibc
internal import NdisprotClient
internal import Platform

/// SIGINT and SIGTERM end the waits of a connection, so that a summary can be printed.
enum Signals {
  /// Blocks the signals in this thread and all later ones, and has a thread take them.
  ///
  /// The second signal ends the program at once, with the exit code of a shell. Where no thread is to be
  /// had, the first does.
  static func interrupt(_ interruption: Interruption) {
    let signals = AwaitedSignals([SIGINT, SIGTERM])
    do throws(SystemError) {
      try SystemThread.start("signals") {
        var isRepeated = false
        while true {
          let number = signals.wait()
          guard number > 0 else { continue }
          if isRepeated { _exit(128 + number) }
          isRepeated = true
          interruption.raise()
        }
      }
      signals.block()
    } catch {}
  }
}
