internal import NDIS

/// What systemd reports about one of the daemon's units.
struct ServiceUnit {
  /// The socket that clients connect to.
  static let socket = "ndisprot.socket"
  /// The daemon.
  static let service = "ndisprotd.service"

  let name: String
  private let properties: [Substring: Substring]

  /// Queries systemd; nil if it does not answer this user.
  init?(_ name: String) {
    // Only names of this file are passed here.
    let keys = "Id,LoadState,ActiveState,SubState,StatusText,Result,NRestarts,Listen"
    guard let shown = HostFacts.output(of: "systemctl show -p \(keys) -- \(name)") else {
      return nil
    }
    self.init(name, shown: shown)
  }

  /// Parses the output of `systemctl show`.
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

  /// The daemon's units, if they serve this socket; nil if systemd is not involved.
  static func serving(_ path: String) -> (socket: ServiceUnit, service: ServiceUnit)? {
    guard isSystemdHere, let socket = ServiceUnit(socket), let service = ServiceUnit(service),
      service.isLoaded, socket.text("Listen").hasPrefix("\(path) ")
    else { return nil }
    return (socket, service)
  }

  /// Whether the unit exists.
  var isLoaded: Bool { text("LoadState") == "loaded" }
  /// Whether an administrator has forbidden its start.
  var isMasked: Bool { text("LoadState") == "masked" }
  /// `active`, `inactive`, `failed`, `activating` and so on.
  var state: String { text("ActiveState") }
  /// A more detailed state: `running`, `listening`, `auto-restart`.
  var subState: String { text("SubState") }
  /// The daemon's last status text; it stays after the daemon has ended.
  var statusText: String { text("StatusText") }
  /// How the last run ended: `success`, `exit-code`, `watchdog`, `start-limit-hit`.
  var result: String { text("Result") }
  /// How many times it was restarted automatically.
  var restartCount: Int { Int(text("NRestarts")) ?? 0 }
  /// Whether a process answers, or is about to.
  var isAlive: Bool { state != "inactive" && state != "failed" }

  private func text(_ key: Substring) -> String { String(properties[key] ?? "").printable() }
}
