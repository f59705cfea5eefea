internal import Glibc
internal import NDIS

/// The service manager that started the daemon, if any; it is notified of the daemon's state.
///
/// - Thread: any
/// - Source: sd_notify(3), sd_watchdog_enabled(3)
struct ServiceManager: Sendable {
  /// The watchdog interval; nil without a watchdog.
  let watchdogNanoseconds: UInt64?
  private let port: DatagramPort

  /// The manager in the environment; nil without one.
  init?() {
    guard let path = environmentText("NOTIFY_SOCKET"), let port = DatagramPort(path: path) else {
      return nil
    }
    self.port = port
    watchdogNanoseconds = ServiceManager.watchdogNanoseconds(
      microseconds: environmentText("WATCHDOG_USEC"), process: environmentText("WATCHDOG_PID"),
      ownProcess: getpid())
  }

  /// The meaning of the two environment variables together; nil if they are not for this process.
  static func watchdogNanoseconds(
    microseconds: String?, process: String?, ownProcess: Int32
  ) -> UInt64? {
    guard let microseconds, let count = UInt64(microseconds), count > 0 else { return nil }
    guard process == nil || process == "\(ownProcess)" else { return nil }
    let (nanoseconds, isTooLong) = count.multipliedReportingOverflow(by: 1_000)
    return isTooLong ? nil : nanoseconds
  }

  /// The daemon is ready.
  func ready(_ status: String) { port.tell("READY=1\nSTATUS=\(status.printable())") }

  /// The configuration is being reloaded; `reloaded` follows.
  func reloading() { port.tell("RELOADING=1") }

  /// The configuration was read.
  func reloaded() { port.tell("READY=1") }

  /// The daemon's current state, for `systemctl status`.
  func status(_ text: String) { port.tell("STATUS=\(text.printable())") }

  /// Every loop answered just now.
  func alive() { port.tell("WATCHDOG=1") }

  /// The daemon shuts down.
  func stopping(_ status: String) { port.tell("STOPPING=1\nSTATUS=\(status.printable())") }
}

extension DatagramPort {
  /// Sends a notification that may be lost: a manager that reads none has other ways to ask.
  fileprivate func tell(_ state: String) { _ = send(Array(state.utf8)) }
}

/// A variable of the environment.
func environmentText(_ name: String) -> String? {
  guard let text = unsafe getenv(name) else { return nil }
  return unsafe String(cString: text)
}
