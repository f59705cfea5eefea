internal import NDIS
internal import NdisprotClient

extension StatusView {
  /// One object for programs; fields that the daemon does not show to this user are missing.
  var json: JSONLine {
    var line = JSONLine()
    line.add("event", "status")
    line.add("version", daemon.version)
    line.add("pid", daemon.processID)
    line.add("uid", daemon.userID)
    line.add("startedAt", daemon.startedAt.timeText)
    line.add("uptimeSeconds", raw: daemon.uptime.secondsText)
    line.add("socket", daemon.socketPath)
    for (name, flag) in [
      ("socketInherited", StatusReply.Flags.inheritedSocket), ("service", .service),
      ("memoryLocked", .lockedMemory), ("verifier", .verifier), ("administrator", .administrator),
      ("misconfigured", .misconfigured), ("reloadFailed", .reloadFailed),
    ] {
      line.add(name, raw: daemon.flags.contains(flag) ? "true" : "false")
    }
    line.add("watchdogSeconds", raw: daemon.watchdog.secondsText)
    line.add("answeredSecondsAgo", raw: daemon.answerAge.secondsText)
    if isWhole { addTotals(to: &line) }
    if let service { line.add("unit", unit(service)) }
    if let process { line.add("process", facts(process)) }
    line.add("bindings", bindings.map(binding))
    line.add("sessions", sessions.map(session))
    return line
  }

  private func addTotals(to line: inout JSONLine) {
    line.add("configuration", daemon.configuration)
    line.add("configurationFiles", daemon.fileCount)
    line.add("configuredAt", daemon.configuredAt.timeText)
    line.add("rules", daemon.ruleCount)
    line.add("reloads", daemon.reloadCount)
    if daemon.reloadedAt > 0 { line.add("reloadedAt", daemon.reloadedAt.timeText) }
    line.add("reloadRefusal", daemon.refusal)
    line.add("sessionCount", daemon.sessionCount)
    line.add("sessionLimit", daemon.sessionLimit)
    line.add("captureRingMiB", daemon.capture.used)
    line.add("captureRingLimitMiB", daemon.capture.limit)
    line.add("receiveRingMiB", daemon.receive.used)
    line.add("receiveRingLimitMiB", daemon.receive.limit)
  }

  private func unit(_ unit: ServiceUnit) -> JSONLine {
    var line = JSONLine()
    line.add("name", unit.name)
    line.add("state", unit.state)
    line.add("subState", unit.subState)
    line.add("statusText", unit.statusText)
    line.add("restarts", unit.restartCount)
    return line
  }

  private func facts(_ process: ProcessFacts) -> JSONLine {
    var line = JSONLine()
    line.add("residentBytes", process.residentByteCount)
    line.add("lockedBytes", process.lockedByteCount)
    line.add("swappedBytes", process.swappedByteCount)
    line.add("threads", process.threadCount)
    line.add("majorFaults", process.majorFaultCount)
    return line
  }

  private func binding(_ row: Row) -> JSONLine {
    var line = JSONLine()
    row.entry.addFields(to: &line)
    line.add("received", row.received)
    line.add("kernelDrops", row.kernelDrops)
    line.add("overruns", row.overruns)
    line.add("ringFrames", row.ringFrames)
    line.add("ringBytes", row.ringBytes)
    return line
  }

  private func session(_ session: StatisticsObject) -> JSONLine {
    var line = JSONLine()
    line.add("session", session.id)
    line.add("name", session.name)
    line.add("ifindex", session.interfaceIndex)
    line.add("requests", session[.reqIssued] ?? 0)
    line.add("pended", session[.reqPending] ?? 0)
    return line
  }
}
