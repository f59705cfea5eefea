import FoundationEssentials
import Glibc
import NDIS
import Testing

/// Attacks of `NdisprotServer.docc/ThreatModel.md` that have no place in another suite.
@Suite(
  "Threats", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct ThreatTests {
  @Test("threat T5: who floods with requests waits for his own answers, others have their turn")
  func flood() throws {
    try Lab.run { lab in
      let (flooder, quiet) = (try lab.client.connect(), try lab.client.connect())
      try flooder.settle()
      try quiet.settle()
      #expect(try lab.ctl("trace", "--on").exitCode == 0)
      // Both have their messages waiting when the daemon wakes, the flooder hundreds of them.
      let (flood, asked) = try lab.daemon.whileStopped {
        (
          try (0..<150).map { _ in try flooder.request("enumerate") },
          try (0..<5).map { _ in try quiet.request("enumerate") }
        )
      }
      for id in asked { #expect(try quiet.reply(to: id).status == .success) }
      for id in flood { #expect(try flooder.reply(to: id).status == .success) }
      // One message of each ready session a turn: the trace has the order.
      let outcome = try lab.ctl("--json", "trace", "--component", "control")
      let order = try outcome.lines.map {
        try JSONDecoder().decode(TraceLine.self, from: Data($0.utf8))
      }.filter { $0.name == "message" && $0.values.last == 11 }.compactMap(\.object)
      #expect(order.count == 155)
      let last = try #require(order.lastIndex { $0 != order.last })
      #expect(last < 20, "the quiet one's last message was number \(last)")
      #expect(try lab.ctl("trace", "--off").exitCode == 0)
    }
  }

  private struct TraceLine: Decodable {
    let name: String
    let object: String?
    let values: [UInt64]
  }

  @Test("threat T4: a reader that stops loses its own oldest frames, counted, and holds up nobody")
  func stopped() throws {
    try Lab.run { lab in
      let (lazy, busy) = (lab.makeClient(), lab.makeClient())
      let stopped = try lazy.open()
      let reading = try busy.open()
      lazy.send(SIGSTOP)
      // Three times what the ring holds; each hundred leaves when the one before has arrived.
      let frames = (1...3_000).map { Frame.make(number: $0, byteCount: 1_000) }
      var received = 0
      for start in stride(from: 0, to: frames.count, by: 100) {
        try lab.peer.send(Array(frames[start..<(start + 100)]))
        while received < start + 100 { received += try reading.readBatch().frames.count }
      }
      #expect(received == 3_000)
      lazy.send(SIGCONT)
      let late = try stopped.drain()
      #expect(late.last == frames.last && late == Array(frames.suffix(late.count)))
      let counters = try stopped.statistics().filter { $0.kind == 2 }
      #expect(counters.map { $0[.rxDelivered] }.sorted() == [UInt64(late.count), 3_000])
      #expect(counters.map { $0[.rxOverrun] }.max() == UInt64(3_000 - late.count))
    }
  }

  @Test(
    "threat T8: memory that writers change all the while never brings a forbidden frame to the wire",
    arguments: [(6, Frame.foreign), (12, "0806"), (12, "8808"), (12, "81000006"), (0, "")])
  func tampering(_ offset: Int, _ forbidden: String) throws {
    try Lab.run { lab in
      let session = try lab.client.open(flags: .noLoopback)
      let far = lab.peer
      let frame = Frame.outward(number: 7, byteCount: 200)
      let (frameCount, messageCount) = (64, 60)
      let outcome = try session.writeTampered(
        frame, source: forbidden, frameCount: frameCount, messageCount: messageCount,
        offset: offset)
      #expect(outcome.sent + outcome.refused == frameCount * messageCount)
      let arrived = try far.receive(outcome.sent)
      #expect(arrived.count == outcome.sent)
      // Source and type of each are those that are allowed; a tag lets the type move behind it.
      #expect(arrived.allSatisfy { $0.dropFirst(12).hasPrefix(Frame.own + "888e") })
    }
  }

  @Test("threat T11: runts, tags in tags, cut tags and noise from the wire harm nobody")
  func garbage() throws {
    try Lab.run { lab in
      try lab.ip("link set np0 mtu 9000")
      try lab.farIP("link set np1 mtu 9000")
      let all = try lab.client.open(types: [0xFFFF])
      let some = try lab.client.open(types: [0x888E])
      let far = lab.peer
      var sent = 0
      for seed in 1...20 {
        sent += try far.sendGarbage(200, seed: seed)
        for frame in try all.drain() + some.drain() {
          #expect(frame.count >= 28 && frame.count <= 2 * 9_022)
        }
      }
      #expect(sent > 3_000)
      // Longer than its MTU: the kernel has room for it and the slot has not, or it is dropped.
      try lab.farIP("link set np1 mtu 65535")
      _ = try far.sendGarbage(500, seed: 99)
      _ = try (all.drain(), some.drain())
      let last = Frame.make(number: 0xFFFF)
      try far.send(last)
      try eventually("the last frame") { try some.drain().last == last }
      #expect(try all.drain().last == last)
    }
  }

  @Test(
    "threat T18: rights are those of the user who connected: fork, exec and setuid change nothing",
    .needsSeveralUsers)
  func descriptors() throws {
    let configuration = Policy.text(
      Policy.rule("own", "\"0x888e\"", "\"read\"", user: "user = \"61010\""))
    try Lab.run(configuration: configuration) { lab in
      let program = lab.makeClient(as: .changing)
      let asRoot = try program.connect()
      try program.become(61_010)
      let asUser = try program.connect()
      // What was root's stays root's, and what was not does not become it.
      #expect(try asRoot.open("np0", types: [0x88B5]).status == .success)
      #expect(try asUser.open("np0", types: [0x88B5]).status == .notPermitted)
      #expect(try asUser.open("np0").status == .success)
      #expect(try asUser.closeDevice().status == .success)
      // Another program, in another process, on the same descriptor: the same rights.
      #expect(try asUser.openByHeir("np0") == 0)
      let opens = try lab.daemon.auditLines("open")
      #expect(opens.map { $0["uid"] } == ["0", "61010", "61010"])
      #expect(Set(opens.map { $0["pid"] }) == ["\(program.processID)"])
      let stranger = try lab.makeClient(as: .stranger).connect()
      #expect(try stranger.openByHeir("np0") == Int(EACCES))
    }
  }

  @Test("threat T21: bytes without a meaning are zero in every answer, whatever was there before")
  func padding() throws {
    try Lab.run { lab in
      let far = lab.peer
      let dirty = try lab.client.open(flags: .noLoopback)
      let noise = String(repeating: "a5", count: 1_400)
      for round in 0..<8 {
        // Rings and buffers are full of a pattern.
        try far.send(
          (0..<100).map { _ in
            String((Frame.make(byteCount: 14) + noise).prefix(2 * (1_300 + round)))
          })
        _ = try dirty.writeBatch(
          (0..<60).map { _ in String((Frame.outward(byteCount: 14) + noise).prefix(2_000)) })
        _ = try dirty.drain()
      }
      // Frames of every length modulo 8.
      let session = try lab.client.connect()
      let writer = try lab.client.open(types: [0x88CC])
      try far.startFlood(
        (60..<76).map { String((Frame.make(byteCount: 18) + noise).prefix(2 * $0)) },
        count: 2_000, framesPerSecond: 20_000)
      let found = try session.findPadding("np0", until: 2_000)
      try far.finishFlood()
      #expect(found == [])
      _ = writer
    }
  }

  @Test("threat T19: once it serves, the daemon opens nothing but its configuration and accounts")
  func paths() throws {
    let rule = Policy.rule("own", "\"0x888e\"", "\"read\", \"write\"")
    let place = TextFile.names(in: "/tmp").isEmpty ? "/var/tmp" : "/tmp"
    var name = Array("\(place)/ndisprot-trace-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    #expect(descriptor >= 0)
    close(descriptor)
    let trace = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer { unlink(trace) }
    // -D: the daemon stays the child that the lab started.
    let launcher = ["strace", "-D", "-f", "-qq", "-e", "trace=%file,execve", "-o", trace]
    try Lab.run(configuration: Policy.text(rule), launcher: launcher) { lab in
      try eventually("the trace begins") { TextFile.read(trace)?.contains("execve") == true }
      let before = TextFile.read(trace)?.utf8.count ?? 0
      let session = try lab.client.connect()
      for path in ["/etc/shadow", "../../../etc/shadow", "np0/../../x", "/proc/self/mem", "np0"] {
        _ = try session.open(path)
        _ = try session.openDevice(path)
        _ = try lab.ctl(["policy", "explain", path, path, "0x888e"], as: .owner)
        _ = try session.wait(for: [path], milliseconds: 1)
      }
      #expect(try session.write(Frame.outward()).status == .success)
      #expect(try lab.reload().exitCode == 0)
      _ = try lab.ctl("objects")
      try session.disconnect()
      let text = TextFile.read(trace) ?? ""
      let lines = String(decoding: text.utf8.dropFirst(before), as: UTF8.self)
        .split(separator: "\n")
      let paths = lines.filter { !$0.contains("resumed>") }.compactMap { line -> String? in
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        return parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil
      }
      let allowed = [
        lab.configurationPath, lab.directory + "/conf.d", "/etc/nsswitch.conf", "/etc/passwd",
        "/etc/group", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/sys/kernel/mm/",
        "/proc/self/maps", "/var/run/nscd/socket",
        // libpcap asks what kind of interface np0 is.
        "/sys/class/net/np0/",
      ]
      // What the directory services make of a name is a file of their own, never another's.
      let folders = ["/", "etc", "run", "usr", "lib", "local", "host", "userdb", "systemd"]
      for path in Set(paths) {
        let isLibrary = path.contains("/libnss_") && path.contains("/lib")
        let isAccount = path.contains("/userdb/") && !path.contains("..")
        // The name of a client's process, for the audit.
        let isCommand = path.wholeMatch(of: /\/proc\/[0-9]+\/comm/) != nil
        let isAllowed =
          isLibrary || isAccount || isCommand || folders.contains(path)
          || allowed.contains { path.hasPrefix($0) }
        #expect(isAllowed, "\(path)")
      }
      #expect(!paths.contains { $0.contains("shadow") || $0.contains("/mem") })
      #expect(paths.contains(lab.configurationPath))
      #expect(!lines.contains { $0.contains("execve(") })
    }
  }
}
