import Glibc
import NDIS
import Testing

@Suite(
  "ndisprotctl metrics", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct MetricsTests {
  @Test("an independent reader takes the OpenMetrics text, and finds what STATISTICS says")
  func openMetrics() throws {
    try Lab.run { lab in
      let session = try lab.makeClient(as: .owner).open()
      try lab.peer.send(Frame.numbered(5))
      try session.waitForFrames(5)
      _ = try session.read()
      let metrics = try read(lab, "--openmetrics")
      let open = try #require(try session.statistics().first { $0.kind == 2 })
      let labels = Self.labels(
        ["ifindex": "\(open.interfaceIndex)", "interface": "np0", "user": "root"])
      for (name, counter) in [
        ("rx_matched_total", Counter.rxMatched), ("rx_delivered_total", .rxDelivered),
        ("rx_queued", .rxQueued), ("tx_err_nobufs_total", .txErrNobufs),
      ] {
        #expect(metrics.samples["ndisprot_" + name + labels] == Double(open[counter]), "\(name)")
      }
      #expect(metrics.types["ndisprot_rx_queued"] == "gauge")
      #expect(metrics.types["ndisprot_rx_bytes"] == "counter")
      #expect(metrics.types["ndisprot_build"] == "info")
      let place = Self.labels(["ifindex": "\(open.interfaceIndex)", "interface": "np0"])
      #expect(metrics.samples["ndisprot_rx_bytes_total" + place] == 300)
      #expect(metrics.samples["ndisprot_link_up" + place] == 1)
      #expect(metrics.samples["ndisprot_binding_running" + place] == 1)
      // What both a binding and its users count is told apart, and nothing else has a kind in front.
      #expect(
        Set(metrics.types.keys.filter { $0.hasPrefix("ndisprot_binding_") }) == [
          "ndisprot_binding_tx_sent", "ndisprot_binding_tx_bytes", "ndisprot_binding_running",
        ])
      #expect(metrics.samples["ndisprot_up[]"] == 1)
      #expect(metrics.samples["ndisprot_last_reload_successful[]"] == 1)
      #expect(metrics.samples["ndisprot_link_resyncs_total[]"] == 0)
      let user = Self.labels(["user": "root"])
      #expect(metrics.samples["ndisprot_sessions" + user] == 1)
      let seconds = try #require(metrics.samples["ndisprot_cpu_seconds_total" + user])
      #expect((1e-6..<5).contains(seconds))
    }
  }

  @Test("promtool takes the text, and each alert rule and panel names a metric that is there")
  func promtool() throws {
    try #require(access("/usr/bin/promtool", X_OK) == 0, "apt-get install prometheus")
    try Lab.run(configuration: Policy.text()) { lab in
      let session = try lab.makeClient(as: .owner).open()
      let outcome = try lab.ctl("metrics")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let path = lab.filePath("metrics.prom")
      #expect(TextFile.write(outcome.output, to: path))
      let check = try ChildProcess.run(
        ["sh", "-c", "promtool check metrics <\"$0\"", path], errorPath: lab.filePath("promtool"))
      #expect(check.exitCode == 0, "\(check.output + check.errors)")
      for words in [
        ["check", "rules", Self.shipped("ndisprot.rules.yml")],
        ["test", "rules", Self.shipped("ndisprot.rules.test.yml")],
      ] {
        let outcome = try ChildProcess.run(
          ["promtool"] + words, errorPath: lab.filePath("promtool"))
        #expect(outcome.exitCode == 0, "\(outcome.output + outcome.errors)")
      }
      let names = Set(
        outcome.output.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
          .map { $0.split(separator: " ")[2] })
      for file in ["ndisprot.rules.yml", "ndisprot-dashboard.json"] {
        let text = try #require(TextFile.read(Self.shipped(file)))
        let named = text.matches(of: /\bndisprot_[a-z_]+/).map(\.output)
        #expect(named.count > 10)
        for name in named { #expect(names.contains(name), "\(file) names \(name)") }
      }
      try session.settle()
    }
  }

  @Test("series stay when opens and sessions end, and values never fall", .needsSeveralUsers)
  func folded() throws {
    try Lab.run { lab in
      let first = try lab.client.open()
      for number in 1...4 {
        #expect(try first.write(Frame.outward(number: number)).status == .success)
      }
      let before = try read(lab)
      #expect(before.sum("ndisprot_tx_sent_total") == 4)
      #expect(before.sum("ndisprot_opens") == 1)
      #expect(try first.closeDevice().status == .success)
      let closed = try read(lab)
      #expect(closed.sum("ndisprot_tx_sent_total") == 4)
      #expect(closed.sum("ndisprot_opens") == 0)
      let second = try lab.makeClient(as: .allowed).open()
      #expect(try second.write(Frame.outward(number: 9)).status == .success)
      let after = try read(lab)
      #expect(after.sum("ndisprot_tx_sent_total") == 5)
      #expect(Set(before.samples.keys) == Set(closed.samples.keys))
      #expect(Set(before.samples.keys) == Set(after.samples.keys))
      for metrics in [before, closed, after] {
        #expect(!metrics.samples.keys.contains { $0.contains("pid") || $0.contains("\"root\"") })
      }
      for (name, value) in before.samples where name.contains("_total[") {
        #expect((after.samples[name] ?? 0) >= value, "\(name)")
      }
    }
  }

  @Test("the scrape does not count itself, however often it comes")
  func itself() throws {
    try Lab.run { lab in
      let texts = try (0..<3).map { _ in try read(lab).samples }
      for text in texts {
        #expect(!text.keys.contains { $0.hasPrefix("ndisprot_req_") })
        #expect(text["ndisprot_budget_used[[\"budget\", \"sessions\"]]"] == 0)
      }
      #expect(Set(texts[0].keys) == Set(texts[2].keys))
    }
  }

  @Test("denials are counted by reason, also those that no line of the audit tells")
  func denials() throws {
    try Lab.run(
      configuration: Policy.text(
        Policy.rule("reader", "\"0x88b5\"", "\"read\"", user: "everybody = true"))
    ) { lab in
      func denied(_ reason: String) throws -> Double? {
        try read(lab).samples["ndisprot_denied_total" + Self.labels(["reason": reason])]
      }
      for reason in ["rule", "right", "quota", "limit", "administrator"] {
        #expect(try denied(reason) == 0)
      }
      let session = try lab.makeClient(as: .allowed).open(types: [0x88B5])
      for number in 1...20 {
        #expect(
          try session.write(Frame.outward(type: "88b5", number: number)).status == .notPermitted)
      }
      _ = try lab.makeClient(as: .allowed).connect().open("np0", types: [0x88B6])
      #expect(try denied("right") == 20)
      #expect(try denied("rule") == 1)
    }
  }

  @Test(
    "users that no rule names are one series, however many numbers they have", .needsSeveralUsers)
  func strangers() throws {
    try Lab.run(configuration: Policy.text()) { lab in
      let clients = try (0..<3).map { try lab.makeClient(as: .numbered(61_300 + $0)).connect() }
      for client in clients { #expect(try client.enumerate().status == .notPermitted) }
      let samples = try read(lab).samples
      #expect(samples["ndisprot_sessions" + Self.labels(["user": "strangers"])] == 3)
      #expect(!samples.keys.contains { $0.contains("6130") })
      #expect(samples["ndisprot_denied_total" + Self.labels(["reason": "rule"])] == 3)
    }
  }

  @Test("a refused reload shows, and the hash follows the text of the configuration")
  func reloads() throws {
    let (one, other) = (Policy.text(), Policy.text() + "# another\n")
    try Lab.run(configuration: one) { lab in
      let first = try read(lab).samples
      #expect(try lab.reload("[[bindin]]\n").exitCode != 0)
      let refused = try read(lab).samples
      #expect(refused["ndisprot_last_reload_successful[]"] == 0)
      #expect(refused["ndisprot_config_hash[]"] == first["ndisprot_config_hash[]"])
      #expect(try lab.reload(other).exitCode == 0)
      let taken = try read(lab).samples
      #expect(taken["ndisprot_last_reload_successful[]"] == 1)
      #expect(taken["ndisprot_config_hash[]"] != first["ndisprot_config_hash[]"])
      #expect(
        (taken["ndisprot_last_reload_time_seconds[]"] ?? 0)
          > (first["ndisprot_last_reload_time_seconds[]"] ?? .infinity))
    }
  }

  @Test("--file replaces the file in one step, readable by all; without a daemon it is removed")
  func file() throws {
    try Lab.run { lab in
      let path = lab.filePath("ndisprot.prom")
      #expect(TextFile.write("what was there before", to: path))
      let before = try #require(inode(path))
      let outcome = try lab.ctl("metrics", "--file", path)
      #expect(outcome.exitCode == 0 && outcome.output.isEmpty, "\(outcome.errors)")
      #expect(TextFile.read(path)?.contains("\nndisprot_up 1\n") == true)
      #expect(inode(path) != before)
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o644)
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      #expect(TextFile.names(in: lab.directory).filter { $0.hasPrefix(name) } == [name])
      #expect(try lab.daemon.stop() == 0)
      #expect(try lab.ctl("metrics", "--file", path).exitCode == 3)
      #expect(inode(path) == nil)
    }
  }

  @Test("a file that cannot be written is named, with 1, and a --json with 64")
  func badFile() throws {
    try Lab.run { lab in
      let outcome = try lab.ctl("metrics", "--file", "\(lab.directory)/nosuch/x.prom")
      #expect(outcome.exitCode == 1)
      #expect(outcome.errors.contains("nosuch/x.prom cannot be written: open: "))
      #expect(try lab.ctl("--json", "metrics").exitCode == 64)
    }
  }

  @Test("1,000 opens of four users are four users", .needsSeveralUsers)
  func thousandOpens() throws {
    let options = Lab.Options(arguments: ["--allow", ":\(User.group)", "--allow", "61000"])
    try Lab.run(options) { lab in
      for user in [User.allowed, .member, .stranger, .owner] {
        try lab.makeClient(as: user).gather(250, on: "np0", waitingFor: "nosuch")
      }
      let watcher = try lab.makeClient(as: .owner).connect()
      let objects = try watcher.statistics()
      #expect(objects.count { $0.kind == 2 } == 1_000)
      #expect(objects.count { $0.kind == 3 } == 1_001)
      #expect(Set(objects.filter { $0.kind == 2 }.map(\.id)).count == 1_000)
      let metrics = try read(lab)
      #expect(metrics.samples.keys.count { $0.hasPrefix("ndisprot_rx_matched_total") } == 4)
      #expect(metrics.sum("ndisprot_opens") == 1_000)
      #expect(metrics.sum("ndisprot_sessions") == 1_001)
    }
  }

  private func inode(_ path: String) -> UInt? {
    var status = stat()
    return stat(path, &status) == 0 ? UInt(status.st_ino) : nil
  }

  /// A file of Config/metrics.
  private static func shipped(_ name: String) -> String {
    "/\(#filePath.split(separator: "/").dropLast(3).joined(separator: "/"))/Config/metrics/\(name)"
  }

  /// Labels as the independent reader writes them.
  private static func labels(_ labels: [String: String]) -> String {
    let pairs = labels.sorted { $0.key < $1.key }.map { "[\"\($0.key)\", \"\($0.value)\"]" }
    return "[" + pairs.joined(separator: ", ") + "]"
  }

  private func read(_ lab: Lab, _ options: String...) throws -> Metrics {
    let outcome = try lab.ctl(["metrics"] + options)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let path = lab.filePath("metrics")
    #expect(TextFile.write(outcome.output, to: path))
    let reader = try JSONProgram(
      "openmetrics", behind: [], argument: "", errorPath: lab.filePath("openmetrics"))
    return try reader.ask("read", ["path": .text(path)])
  }

  /// What the independent reader found.
  private struct Metrics: Decodable {
    let samples: [String: Double]
    let types: [String: String]

    /// The samples of one name together.
    func sum(_ name: String) -> Double {
      samples.filter { $0.key.hasPrefix(name + "[") }.map(\.value).reduce(0, +)
    }
  }
}
