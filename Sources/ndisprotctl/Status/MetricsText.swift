internal import NDIS
internal import NdisprotClient

/// The daemon's status and counters as metrics.
///
/// Counters of opens and sessions are summed by user and interface, closed ones included: so a
/// series lasts as long as its user, not just as long as a process.
///
/// - Source: `ndisprotd.docc/Reliability.md` section 1; `rx.drop_flushed` is
///   `ndisprot_rx_drop_flushed_total` here
struct MetricsText {
  private let bindings: [BindingEntry]
  private let families: [MetricFamily]

  /// Builds the metrics from the daemon's answers.
  ///
  /// - Parameters:
  ///   - status: the daemon's status
  ///   - bindings: all bindings
  ///   - objects: counters of bindings, the daemon, its limits, and totals
  init(_ status: StatusReply, _ bindings: [BindingEntry], _ objects: [StatisticsObject]) {
    self.bindings = bindings
    let names = Dictionary(bindings.map { ($0.interfaceIndex, $0.name) }) { $1 }
    families =
      MetricsText.families(of: status) + MetricsText.families(of: bindings)
      + MetricsText.families(ofCounters: objects, names)
      + MetricsText.families(ofLimits: objects.filter { $0.kind == .limit })
  }

  /// The whole text.
  func text(_ format: MetricFormat) -> String {
    let parts = families.filter { !$0.isEmpty }.map { $0.text(format) }
    return parts.joined() + (format == .openMetrics ? "# EOF\n" : "")
  }

  // MARK: The daemon

  private static func families(of status: StatusReply) -> [MetricFamily] {
    var build = MetricFamily("ndisprot_build", .info, "The version of ndisprotd.")
    build.add([("version", status.version)], 1)
    var families = [
      MetricFamily("ndisprot_up", .gauge, "Whether ndisprotd answers.", value: "1"), build,
      MetricFamily(
        "ndisprot_start_time_seconds", .gauge, "When ndisprotd started, since the epoch.",
        unit: "seconds", value: status.startedAt.secondsText),
      MetricFamily(
        "ndisprot_last_reload_successful", .gauge,
        "Whether the configuration was taken when it was last read.",
        value: status.flags.contains(.reloadFailed) ? "0" : "1"),
    ]
    guard status.flags.contains(.administrator) else { return families }
    let readAt = max(status.configuredAt, status.reloadedAt)
    families += [
      MetricFamily(
        "ndisprot_last_reload_time_seconds", .gauge,
        "When the configuration was last read, since the epoch.", unit: "seconds",
        value: readAt.secondsText),
      MetricFamily(
        "ndisprot_config_hash", .gauge,
        "A number that changes with the text of the configuration in force; 0 for the command line.",
        value: "\(status.configurationHash)"),
      MetricFamily("ndisprot_rules", .gauge, "Rules in force.", value: "\(status.ruleCount)"),
    ]
    return families
  }

  private static func families(of bindings: [BindingEntry]) -> [MetricFamily] {
    var link = MetricFamily(
      "ndisprot_link_up", .gauge, "Whether the interface has a carrier; -1 if it does not say.")
    var running = MetricFamily(
      "ndisprot_binding_running", .gauge, "Whether frames move over the binding.")
    for binding in bindings {
      let labels = place(binding.interfaceIndex, binding.name)
      let isUp =
        switch binding.link {
        case .connected: 1
        case .disconnected: 0
        default: -1
        }
      link.add(labels, isUp)
      running.add(labels, binding.state == .running ? 1 : 0)
    }
    return [link, running]
  }

  // MARK: Counters

  private static func families(
    ofCounters objects: [StatisticsObject], _ names: [UInt32: String]
  ) -> [MetricFamily] {
    var families: [MetricFamily] = []
    for kind in [StatisticsObject.Kind.binding, .user, .daemon, .denial] {
      let those = objects.filter { $0.kind == kind }
      for counter in Counter.allCases {
        let prefix = kind == counter.home ? "" : "\(kind.name)_"
        var family = MetricFamily(
          "ndisprot_\(prefix)\(counter.metricName)", counter.isGauge ? .gauge : .counter,
          counter.help, unit: counter.unit)
        for object in those {
          guard let value = object[counter], let labels = labels(object, names) else { continue }
          family.add(labels, counter.metricValue(value))
        }
        families.append(family)
      }
    }
    return families
  }

  /// The labels that distinguish an object; nil if its interface went away meanwhile.
  private static func labels(
    _ object: StatisticsObject, _ names: [UInt32: String]
  ) -> [MetricFamily.Label]? {
    switch object.kind {
    case .binding: return place(object.interfaceIndex, object.name)
    case .denial: return [("reason", object.name)]
    case .user where object.interfaceIndex == 0: return [("user", object.name)]
    case .user:
      return names[object.interfaceIndex].map {
        place(object.interfaceIndex, $0) + [("user", object.name)]
      }
    default: return []
    }
  }

  private static func place(_ interfaceIndex: UInt32, _ name: String) -> [MetricFamily.Label] {
    [("interface", name.printableName), ("ifindex", "\(interfaceIndex)")]
  }

  // MARK: Budgets

  private static func families(ofLimits objects: [StatisticsObject]) -> [MetricFamily] {
    var used = MetricFamily(
      "ndisprot_budget_used", .gauge, "What clients hold of a budget.")
    var limit = MetricFamily(
      "ndisprot_budget_limit", .gauge,
      "What all clients together, one user or one session may hold of a budget; root is exempt from "
        + "that of a user.")
    var refused = MetricFamily(
      "ndisprot_budget_refused", .counter, "Requests that were turned away for a budget.")
    for object in objects {
      let label: MetricFamily.Label = ("budget", object.name)
      used.add([label], object[.limitUsed] ?? 0)
      refused.add([label], object[.limitRefused] ?? 0)
      let limits: [(String, Counter)] = [
        ("all", .limitOfAll), ("user", .limitOfUser), ("session", .limitOfSession),
      ]
      for (holder, counter) in limits {
        if let value = object[counter] { limit.add([label, ("of", holder)], value) }
      }
    }
    return [used, limit, refused]
  }
}
