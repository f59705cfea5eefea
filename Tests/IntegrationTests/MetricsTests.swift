import Glibc
import NDIS
import Testing

@Suite(
  "ndisprotctl metrics", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct MetricsTests {
  @Test("an independent reader takes the text, and finds what STATISTICS says")
  func text() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try lab.peer.send(Frame.numbered(5))
      try session.waitForFrames(5)
      _ = try session.read()
      let outcome = try lab.ctl("metrics")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let path = lab.filePath("metrics")
      #expect(TextFile.write(outcome.output, to: path))
      let metrics = try read(path, lab)
      let open = try #require(try session.statistics().first { $0.kind == 2 })
      let labels = """
        [["client", "\(open.name)"], ["id", "\(open.id)"], \
        ["ifindex", "\(open.interfaceIndex)"]]
        """
      for (name, counter) in [
        ("rx_matched_total", Counter.rxMatched), ("rx_delivered_total", .rxDelivered),
        ("rx_queued", .rxQueued), ("tx_err_nobufs_total", .txErrNobufs),
      ] {
        #expect(metrics.samples["ndisprot_" + name + labels] == Double(open[counter]), "\(name)")
      }
      #expect(metrics.types["ndisprot_rx_queued"] == "gauge")
      #expect(metrics.types["ndisprot_rx_bytes"] == "counter")
      let binding = try #require(try session.statistics().first { $0.kind == 1 })
      #expect(
        metrics.samples[
          "ndisprot_rx_bytes_total"
            + "[[\"ifindex\", \"\(binding.interfaceIndex)\"], [\"interface\", \"np0\"]]"] == 300)
      // What both a binding and its opens count is told apart, and nothing else has a kind in front.
      #expect(
        Set(metrics.types.keys.filter { $0.hasPrefix("ndisprot_binding_") })
          == ["ndisprot_binding_tx_sent", "ndisprot_binding_tx_bytes"])
      #expect(metrics.types["ndisprot_tx_sent"] == "counter")
      #expect(metrics.types["ndisprot_req_issued"] == "counter")
      #expect(metrics.types["ndisprot_cpu_seconds"] == "counter")
      #expect(metrics.samples["ndisprot_link_resyncs_total[]"] == 0)
      #expect(
        metrics.samples.contains {
          $0.key.hasPrefix("ndisprot_cpu_seconds_total[") && (1e-6..<1).contains($0.value)
        })
      #expect(
        !metrics.types.keys.contains {
          $0.hasPrefix("ndisprot_open_") || $0.hasPrefix("ndisprot_session_")
        })
      // Every counter of every object is there.
      let objects = try lab.makeClient(as: .owner).connect().statistics()
      #expect(metrics.samples.count == objects.map(\.values.count).reduce(0, +))
      #expect(
        metrics.types.count
          == Set(
            objects.flatMap { object in
              object.values.keys.map { "\(object.kind) \($0)" }
            }
          ).count)
    }
  }

  @Test("--file replaces the file in one step, readable by all, and leaves nothing beside it")
  func file() throws {
    try Lab.run { lab in
      let path = lab.filePath("ndisprot.prom")
      #expect(TextFile.write("what was there before", to: path))
      let before = try #require(inode(path))
      let outcome = try lab.ctl("metrics", "--file", path)
      #expect(outcome.exitCode == 0 && outcome.output.isEmpty, "\(outcome.errors)")
      #expect(try !read(path, lab).samples.isEmpty)
      #expect(inode(path) != before)
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o644)
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      #expect(TextFile.names(in: lab.directory).filter { $0.hasPrefix(name) } == [name])
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

  @Test("1,000 opens of four users are all told, page by page", .needsSeveralUsers)
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
      let outcome = try lab.ctl("metrics")
      let path = lab.filePath("metrics")
      #expect(TextFile.write(outcome.output, to: path))
      let opens = try read(path, lab).samples.keys.filter {
        $0.hasPrefix("ndisprot_rx_matched_total")
      }
      #expect(opens.count == 1_000)
    }
  }

  private func inode(_ path: String) -> UInt? {
    var status = stat()
    return stat(path, &status) == 0 ? UInt(status.st_ino) : nil
  }

  private func read(_ path: String, _ lab: Lab) throws -> Metrics {
    let reader = try JSONProgram(
      "openmetrics", behind: [], argument: "", errorPath: lab.filePath("openmetrics"))
    return try reader.ask("read", ["path": .text(path)])
  }

  /// What the independent reader found.
  private struct Metrics: Decodable {
    let samples: [String: Double]
    let types: [String: String]
  }
}
