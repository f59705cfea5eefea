/// The units of the daemon, where systemd runs it: facts about a daemon that answers.
struct ServiceChecks {
  let path: String

  var findings: [Finding] {
    guard ServiceUnit.isSystemdHere else {
      return [.fine("unit", "systemd does not run here: the daemon was started by hand")]
    }
    guard let units = ServiceUnit.serving(path) else {
      return [.fine("unit", "\(path) is not the service's socket: the daemon was started by hand")]
    }
    return [systemd] + [units.socket, units.service].map(finding)
  }

  /// The newest directive of the sandbox, NoExecPaths=, came with 248; older versions ignore it.
  private var systemd: Finding {
    let words = HostFacts.output(of: "systemctl --version")?.split(separator: " ") ?? []
    guard words.count > 1, let version = Int(words[1].prefix { $0.isNumber }) else {
      return .fine("systemd", "its version is not known")
    }
    guard version >= 248 else {
      return .note(
        "systemd", "version \(version) does not know some limits of the daemon's sandbox",
        remedy: "The service works all the same; update systemd to 248 or later")
    }
    return .fine("systemd", "version \(version) knows the whole sandbox")
  }

  private func finding(_ unit: ServiceUnit) -> Finding {
    let text = unit.statusText.isEmpty ? "" : ": \(unit.statusText)"
    return .fine("unit", "\(unit.name) is \(unit.state)\(text)")
  }
}
