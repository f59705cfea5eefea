internal import Glibc
internal import NdisprotClient

/// SIGINT and SIGTERM end the waits of a connection, so that a summary can be printed.
enum Signals {
  /// Blocks the signals in this thread and all later ones, and has a thread take them.
  ///
  /// The second signal ends the program at once, with the exit code of a shell.
  static func interrupt(_ interruption: Interruption) {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGINT)
    unsafe sigaddset(&signals, SIGTERM)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    let box = unsafe Unmanaged.passRetained(interruption)
    var thread = pthread_t()
    unsafe pthread_create(&thread, nil, takeSignals, box.toOpaque())
  }
}

private nonisolated func takeSignals(
  _ argument: UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  guard let argument = unsafe argument else { return nil }
  let interruption = unsafe Unmanaged<Interruption>.fromOpaque(argument).takeRetainedValue()
  var signals = sigset_t()
  unsafe sigemptyset(&signals)
  unsafe sigaddset(&signals, SIGINT)
  unsafe sigaddset(&signals, SIGTERM)
  var isRepeated = false
  while true {
    var number: Int32 = 0
    guard unsafe sigwait(&signals, &number) == 0 else { continue }
    if isRepeated { _exit(128 + number) }
    isRepeated = true
    interruption.raise()
  }
}
