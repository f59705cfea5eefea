internal import NDIS

/// What systemd says of one of the daemon's units.
struct ServiceUnit {
  /// The socket that clients connect to.
  static let socket = "ndisprot.socket"
  /// The daemon.
  static let service = "ndisprotd.service"

  let name: String
  private let properties: [Substring: Substring]

  /// Asks systemd; nil if it says nothing to this user.
  init?(_ name: String) {
    // Only names of this file come here.
    let keys = "Id,LoadState,ActiveState,SubState,StatusText,Result,NRestarts,Listen"
    guard let shown = HostFacts.output(of: "systemctl show -p \(keys) -- \(name)") else {
      return nil
    }
    self.init(name, shown: shown)
  }

  /// Takes what `systemctl show` printed.
  init(_ name: String, shown: String) {
    var properties: [Substring: Substring] = [:]
    for line in shown.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      properties[line[..<equals]] = line[line.index(after: equals)...]
    }
    self.name = name
    self.properties = properties
  }

  /// Whether systemd is this machine's service manager.
  static var isSystemdHere: Bool { HostFacts.status(of: "/run/systemd/system") != nil }

  /// The daemon's unit, if it is what serves this socket; nil where systemd has no part in it.
  static func serving(_ path: String) -> (socket: ServiceUnit, service: ServiceUnit)? {
    guard isSystemdHere, let socket = ServiceUnit(socket), let service = ServiceUnit(service),
      service.isLoaded, socket.text("Listen").hasPrefix("\(path) ")
    else { return nil }
    return (socket, service)
  }

  /// Whether there is such a unit.
  var isLoaded: Bool { text("LoadState") == "loaded" }
  /// Whether an administrator forbids it to start.
  var isMasked: Bool { text("LoadState") == "masked" }
  /// `active`, `inactive`, `failed`, `activating` and so on.
  var state: String { text("ActiveState") }
  /// The same more closely: `running`, `listening`, `auto-restart`.
  var subState: String { text("SubState") }
  /// What the daemon said last; it stays when the daemon has ended.
  var statusText: String { text("StatusText") }
  /// How the last run ended: `success`, `exit-code`, `watchdog`, `start-limit-hit`.
  var result: String { text("Result") }
  /// How often it was started again by itself.
  var restartCount: Int { Int(text("NRestarts")) ?? 0 }
  /// Whether there is, or is about to be, a process that answers.
  var isAlive: Bool { state != "inactive" && state != "failed" }

  private func text(_ key: Substring) -> String { String(properties[key] ?? "").printable() }
}
