internal import NDIS
internal import NdisprotClient

extension StatusView {
  /// Lines for people.
  var text: [String] { text(on: Screen(columns: nil)) }

  /// Lines for people that fit a screen.
  func text(on screen: Screen) -> [String] {
    var rows = [
      [
        "started",
        "\(daemon.startedAt.timeText), \(daemon.uptime.ageText) ago; counters count from then",
      ]
    ]
    rows.append(["service", serviceText])
    let origin = daemon.flags.contains(.inheritedSocket) ? "the service manager's" : "its own"
    rows.append(["socket", "\(daemon.socketPath.printable()), \(origin)"])
    if isWhole {
      rows.append(["configuration", configurationText])
      rows.append(["reload", reloadText])
    } else if daemon.flags.contains(.reloadFailed) {
      rows.append(["reload", "FAILED: an administrator sees why"])
    }
    rows.append(["watchdog", watchdogText])
    rows.append(["memory", memoryText])
    if isWhole {
      rows.append(["sessions", "\(daemon.sessionCount) of \(daemon.sessionLimit)"])
    }
    let title =
      "ndisprotd \(daemon.version.printable()), process \(daemon.processID) of user \(HostFacts.userName(daemon.userID))"
    let facts = rows.map { ["  \($0[0])", $0[1]] }
    var lines = [title] + TextTable.lines(facts, on: screen, hasHeading: false)
    lines += [""] + TextTable.lines(bindingRows, on: screen, hasHeading: true)
    if !sessions.isEmpty {
      lines += [""] + TextTable.lines(sessionRows, on: screen, hasHeading: true)
    }
    if !isWhole {
      lines += ["", "Configuration and users of the daemon are shown to administrators."]
    }
    return lines
  }

  private var serviceText: String {
    guard let service else {
      return daemon.flags.contains(.service)
        ? "a service manager started it" : "none: it was started by hand"
    }
    return "\(service.name) \(service.state) (\(service.subState)), restarted "
      + (service.restartCount == 1 ? "once" : "\(service.restartCount) times")
  }

  private var configurationText: String {
    guard daemon.fileCount > 0 else { return "the command line" }
    let others = daemon.fileCount > 1 ? " and \(daemon.fileCount - 1) of conf.d" : ""
    let how = daemon.reloadCount == 0 ? "at the start" : "by reload \(daemon.reloadCount)"
    return
      "\(daemon.configuration.printable())\(others), \(daemon.ruleCount) rule\(daemon.ruleCount == 1 ? "" : "s"), read "
      + "\(daemon.configuredAt.timeText) \(how)"
  }

  private var reloadText: String {
    guard daemon.reloadedAt > 0 else { return "none since the start" }
    guard !daemon.refusal.isEmpty else { return "\(daemon.reloadedAt.timeText), taken" }
    guard !daemon.flags.contains(.misconfigured) else {
      return
        "\(daemon.reloadedAt.timeText), REFUSED, nothing is bound: \(daemon.refusal.printable())"
    }
    return "\(daemon.reloadedAt.timeText), REFUSED, the old configuration stays: "
      + daemon.refusal.printable()
  }

  private var watchdogText: String {
    guard daemon.watchdog > 0 else { return "no watchdog" }
    let interval = "every \(daemon.watchdog.ageText)"
    guard daemon.answerAge > 0 else { return "\(interval), not asked yet" }
    return "\(interval); all threads answered \(daemon.answerAge.ageText) ago"
  }

  private var memoryText: String {
    var parts: [String] = []
    if isWhole {
      parts.append("capture rings \(daemon.capture.used) of \(daemon.capture.limit) MiB")
      parts.append("receive rings \(daemon.receive.used) of \(daemon.receive.limit) MiB")
    }
    if let process {
      parts.append(
        "process \(process.residentByteCount.mebibytesText) MiB in \(process.threadCount) threads")
      parts.append("swapped \(process.swappedByteCount.mebibytesText) MiB")
    }
    parts.append(daemon.flags.contains(.lockedMemory) ? "locked" : "not locked")
    return parts.joined(separator: ", ")
  }

  private var bindingRows: [[String]] {
    [
      [
        "BINDING", "STATE", "LINK", "POWER", "OPENS", "RECEIVED", "KERNEL DROPS", "OVERRUNS",
        "RING",
      ]
    ]
      + bindings.map { row in
        [
          row.entry.name.printableName, row.entry.state.name, row.entry.link.name,
          row.entry.powerName, "\(row.entry.openCount)", "\(row.received)",
          "\(row.kernelDrops)", "\(row.overruns)", ringText(row),
        ]
      }
  }

  private func ringText(_ row: Row) -> String {
    guard row.ringFrames > 0 else { return "-" }
    return "\(row.ringFrames) frames, \(row.ringBytes.mebibytesText) MiB"
  }

  private var sessionRows: [[String]] {
    let names = Dictionary(bindings.map { ($0.entry.interfaceIndex, $0.entry.name) }) { $1 }
    return [["SESSION", "CLIENT", "BINDING", "REQUESTS", "PENDED"]]
      + sessions.map { session in
        [
          "\(session.id)", session.name.printable(),
          (names[session.interfaceIndex] ?? "-").printableName,
          "\(session[.reqIssued] ?? 0)", "\(session[.reqPending] ?? 0)",
        ]
      }
  }
}
