internal import Glibc
internal import Logging
internal import NDIS
internal import NdisprotServer
internal import Platform

/// The main thread while the daemon serves: waits for signals, checks that the loops are alive, and
/// reports what is bound.
///
/// The loop that answers last notifies the service manager's watchdog, so that a loop that hangs is
/// noticed within the watchdog's own interval and no later.
///
/// - Thread: main
struct MainThreadLoop {
  private let server: Server
  private let manager: ServiceManager?
  private let logger: Logger
  private let wantedNames: [InterfaceName]
  private let reloads: ReloadWatch
  private let tickNanoseconds: UInt64
  /// The threads that have not answered the last check.
  private var outstanding: @Sendable () -> [String] = { [] }
  private var reported: [String] = []
  private var statusText: String

  /// Without a watchdog only the status text has to be kept up to date.
  private static let calmTickNanoseconds: UInt64 = 5_000_000_000

  init(
    _ server: Server, _ manager: ServiceManager?, _ logger: Logger, wantedNames: [InterfaceName],
    _ reloads: ReloadWatch
  ) {
    self.reloads = reloads
    self.server = server
    self.manager = manager
    self.logger = logger
    self.wantedNames = wantedNames
    tickNanoseconds = max(
      1_000_000, manager?.watchdogNanoseconds.map { $0 / 3 } ?? MainThreadLoop.calmTickNanoseconds)
    statusText = ErrorMessages.status(
      bound: server.boundNames, missing: wantedNames.filter { !server.isBound($0) },
      refusal: reloads.refusal)
  }

  /// Reports that the daemon is ready, and waits for SIGTERM or SIGINT; SIGHUP reloads the
  /// configuration.
  mutating func run() -> Int32 {
    manager?.ready(statusText)
    var next = monotonicNanoseconds()
    while true {
      let now = monotonicNanoseconds()
      if now >= next {
        tick()
        next = now &+ tickNanoseconds
      }
      let number = awaitedSignals.wait(nanoseconds: manager == nil ? nil : next &- now)
      if number == SIGHUP { server.reload() }
      if number == SIGTERM || number == SIGINT {
        manager?.stopping("stopping: signal \(number)")
        return number
      }
    }
  }

  private mutating func tick() {
    guard let manager else { return }
    let late = outstanding()
    if late.isEmpty {
      reported = []
      if manager.watchdogNanoseconds != nil {
        outstanding = server.check { manager.alive() }
      }
    } else if late != reported {
      reported = late
      logger.record(LogRecord(.error, ErrorMessages.stuck(late), .stuck))
    }
    let text =
      late.isEmpty
      ? ErrorMessages.status(
        bound: server.boundNames, missing: wantedNames.filter { !server.isBound($0) },
        refusal: reloads.refusal)
      : ErrorMessages.stuck(late)
    if text != statusText {
      statusText = text
      manager.status(text)
    }
  }
}

/// The signals that the daemon waits for: to stop, or to reload.
private let awaitedSignals = AwaitedSignals([SIGTERM, SIGINT, SIGHUP])

/// Whether a signal to stop has arrived.
func isStopPending() -> Bool {
  var set = sigset_t()
  unsafe sigpending(&set)
  return [SIGTERM, SIGINT].contains { unsafe sigismember(&set, $0) == 1 }
}

/// Blocks the awaited signals, in this thread and all threads that it will create.
func blockSignals() {
  signal(SIGPIPE, SIG_IGN)
  awaitedSignals.block()
}
