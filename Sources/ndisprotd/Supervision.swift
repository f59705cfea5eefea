internal import Glibc
internal import Logging
internal import NDIS
internal import NdisprotServer
internal import Platform

/// What the main thread does while the daemon serves: waits for a signal, has the loops show that
/// they live, and says what is bound.
///
/// The service manager's watchdog is fed on the loop that answers last, so that it hears of a loop
/// that hangs within its own time and not later.
///
/// - Thread: main
struct Supervision {
  private let server: Server
  private let manager: ServiceManager?
  private let logger: Logger
  private let wantedNames: [InterfaceName]
  private let reloads: ReloadWatch
  private let tickNanoseconds: UInt64
  /// Names the threads that have not answered the last question.
  private var outstanding: @Sendable () -> [String] = { [] }
  private var reported: [String] = []
  private var statusText: String

  /// Without a watchdog only the status text is to be kept true.
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
      1_000_000, manager?.watchdogNanoseconds.map { $0 / 3 } ?? Supervision.calmTickNanoseconds)
    statusText = Sentences.status(
      bound: server.boundNames, missing: wantedNames.filter { !server.isBound($0) },
      refusal: reloads.refusal)
  }

  /// Says that the daemon serves, and waits for SIGTERM or SIGINT; at SIGHUP the configuration is
  /// read anew.
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
      logger.record(LogRecord(.error, Sentences.stuck(late), .stuck))
    }
    let text =
      late.isEmpty
      ? Sentences.status(
        bound: server.boundNames, missing: wantedNames.filter { !server.isBound($0) },
        refusal: reloads.refusal)
      : Sentences.stuck(late)
    if text != statusText {
      statusText = text
      manager.status(text)
    }
  }
}

/// What the daemon waits for: the end, and a wish to reload.
private let awaitedSignals = AwaitedSignals([SIGTERM, SIGINT, SIGHUP])

/// Whether a signal has come that ends the daemon.
func isStopPending() -> Bool {
  var set = sigset_t()
  unsafe sigpending(&set)
  return [SIGTERM, SIGINT].contains { unsafe sigismember(&set, $0) == 1 }
}

/// Blocks what the daemon waits for, in this thread and all that it will make.
func blockSignals() {
  signal(SIGPIPE, SIG_IGN)
  awaitedSignals.block()
}
