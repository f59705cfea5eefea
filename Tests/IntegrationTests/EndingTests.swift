import Glibc
import NDIS
import Testing

@Suite(
  "Interfaces that go, and the end of the daemon", .serialized, .timeLimit(.minutes(15)),
  .tags(.integration), .needsNamespaces)
struct EndingTests {
  @Test("A-57: when np0 is deleted everything pended completes, and a new np0 can be opened")
  func deleted() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let watcher = try lab.client.connect()
      let reads = try (1...3).map { _ in try session.startRead() }
      // A queue that lets almost nothing out: writes pend as soon as the send socket is full.
      try lab.tc("qdisc add dev np0 root tbf rate 8kbit burst 1600 limit 10000000")
      let writes = try (1...200).map {
        try session.request("write", ["frame": .text(Frame.outward(number: $0, byteCount: 1_514))])
      }
      try eventually("a write that pends") {
        let open = try watcher.statistics().first { $0.kind == 2 }
        return open.map { $0[.txPending] > 0 && $0[.txSubmitted] == 200 } ?? false
      }

      try lab.ip("link del np0")
      for read in reads { #expect(try session.reply(to: read).status == .adapterRemoved) }
      let statuses = try writes.map { try session.reply(to: $0).status }
      #expect(statuses.first == .success)
      // The kernel takes it down before it removes it: a send in between meets that.
      let ends: [CompletionStatus] = [.adapterRemoved, .sendCancelled, .lowPower]
      #expect(ends.contains(statuses[199]), "\(statuses[199])")
      #expect(try watcher.enumerate().count == 0)

      // The handle is dead until it is closed (rule B-36).
      #expect(try session.read().status == .bindingGone)
      #expect(try session.write(Frame.outward()).status == .bindingGone)
      #expect(try session.query(.currentAddress).status == .notBound)
      #expect(try session.openDevice("np0").status == .busy)

      try lab.layCable(0)
      try eventually("a new np0") {
        let np0 = try watcher.enumerate().bindings?.first
        return np0?.power == 1 && np0?.link == 1
      }
      #expect(try watcher.open("np0").status == .success)
      #expect(try watcher.write(Frame.outward()).status == .success)
      #expect(try session.closeDevice().status == .success)
      #expect(try session.open("np0").status == .success)
    }
  }

  @Test("a dead open, and one of the binding that came back under its index, are two in STATISTICS")
  func deadBesideAlive() throws {
    try Lab.run { lab in
      let dead = try lab.client.open()
      let watcher = try lab.client.connect()
      let index = try #require(try watcher.enumerate().bindings?.first?.interfaceIndex)
      try lab.ip("link del np0")
      try eventually("no binding") { try watcher.enumerate().count == 0 }
      try lab.layCable(0, interfaceIndex: index)
      try eventually("np0 is back") { try watcher.enumerate().bindings?.first?.power == 1 }
      let alive = try lab.client.open()
      let opens = try lab.makeClient(as: .owner).connect().statistics().filter { $0.kind == 2 }
      #expect(opens.count == 2)
      #expect(Set(opens.map(\.interfaceIndex)) == [index])
      #expect(Set(opens.map(\.id)).count == 2)
      try dead.disconnect()
      try alive.disconnect()
    }
  }

  @Test("A-62: at SIGTERM reads and waits of two clients are cancelled, and the daemon ends with 0")
  func terminated() throws {
    try Lab.run { lab in
      let first = try lab.client.open()
      let second = try lab.client.open()
      let pended = [
        (first, try first.startRead()), (first, try first.startRead()),
        (second, try second.startRead()),
        (second, try second.startWait(for: ["np9"], milliseconds: 60_000)),
      ]
      try first.settle()
      try second.settle()
      // Later than four seconds it would be 70.
      #expect(try lab.daemon.stop() == 0)
      for (session, id) in pended {
        #expect(try session.reply(to: id).status == .cancelled)
      }
      #expect(try first.closes())
      #expect(try second.closes())
      #expect(access(lab.socketPath, F_OK) != 0)
    }
  }

  @Test("A-60: an open that waits for power ends when its interface is deleted")
  func deletedWhileWaiting() throws {
    try Lab.run(Lab.Options(preparation: ["link set np0 down"])) { lab in
      let session = try lab.client.connect()
      let opening = try session.request("open", ["name": "np0", "wait": 30_000])
      try lab.client.connect().settle()
      try lab.ip("link del np0")
      let status = try session.reply(to: opening).status
      #expect(status == .adapterNotFound || status == .notReady)
    }
  }

  @Test("a hundred flaps leave the state right and few lines in the log")
  func flaps() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      for _ in 1...50 {
        try lab.ip("link set np0 down")
        try lab.ip("link set np0 up")
      }
      try eventually("power and carrier") {
        let np0 = try session.enumerate().bindings?.first
        return np0?.power == 1 && np0?.link == 1
      }
      #expect(try session.write(Frame.outward()).status == .success)
      try lab.peer.send(Frame.make(number: 1))
      #expect(try session.read().frames == [Frame.make(number: 1)])
      let daemon = try lab.daemon
      #expect(daemon.logLines.count <= 20)
    }
  }

  @Test("SIGQUIT ends both programs, also where the runtime would print a backtrace instead")
  func quit() throws {
    try Lab.run { lab in
      let environment = ["env", "SWIFT_BACKTRACE=enable=yes"]
      let watch = try ChildProcess(
        environment + [
          try Product.path("ndisprotctl"), "--socket", lab.socketPath, "watch",
        ], errorPath: lab.filePath("watch"))
      _ = try #require(try watch.nextLine(), "\(watch.errorText)")
      watch.send(SIGQUIT)
      #expect(try watch.exitCode() == 128 + SIGQUIT)
      let socket = lab.filePath("quit.sock")
      let daemon = try ChildProcess(
        lab.nearWords(
          environment + [
            try Product.path("ndisprotd"), "--socket", socket, "--interface", "np0",
          ]), errorPath: lab.filePath("quit"))
      try eventually("the daemon is ready: \(daemon.errorText)") {
        daemon.errorText.contains("ready: socket")
      }
      daemon.send(SIGQUIT)
      #expect(try daemon.exitCode() == 128 + SIGQUIT)
      unlink(socket)
    }
  }
}
