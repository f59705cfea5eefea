import Glibc
import NDIS
import Testing

/// Bindings with a cycle: a thread that polls, with a priority and a processor of its own.
@Suite(
  "Realtime bindings", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct RealtimeTests {
  private static func text(_ binding: String) -> String {
    Policy.text(
      Policy.rule("full", "\"any\"", "\"read\", \"write\", \"all-frames\""),
      binding: "profile = \"realtime\"\n" + binding)
  }

  private func echo(_ session: ControlSession, _ lab: Lab, _ numbers: ClosedRange<Int>) throws {
    for number in numbers {
      let read = try session.startRead()
      try lab.peer.send(Frame.make(number: number))
      #expect(try session.reply(to: read).frames == [Frame.make(number: number)])
      #expect(try session.write(Frame.outward(number: number)).status == .success)
    }
  }

  @Test("a binding that polls serves reads, writes and other opens as any other")
  func serves() throws {
    try Lab.run(configuration: Self.text("spin = 2500")) { lab in
      let session = try lab.client.open()
      let other = try lab.client.open(types: [0x88B6])
      let idleRead = try other.startRead()
      try echo(session, lab, 1...200)
      #expect(try other.isPending(idleRead))
      try lab.peer.send(Frame.numbered(1_000))
      for number in 1...1_000 {
        #expect(try session.read().frames == [Frame.make(number: number)])
      }
    }
  }

  @Test("a binding that polls uses no more of a processor than its time behind each frame")
  func processorTime() throws {
    try Lab.run(configuration: Self.text("spin = 2500")) { lab in
      let session = try lab.client.open()
      try echo(session, lab, 1...1)
      func spent(_ body: () throws -> Void) throws -> Double {
        let before = try lab.daemon.processorSeconds
        try body()
        return try lab.daemon.processorSeconds - before
      }
      // Nothing comes: nothing is spent, and a processor that never rests would be 2 s.
      let idle = try spent { sleep(2) }
      #expect(idle <= 0.2, "\(idle) s of 2")
      // A frame and a write are followed by 2.5 ms each; what the daemon does otherwise is far less.
      let busy = try spent {
        for number in 1...20 {
          try echo(session, lab, number...number)
          usleep(100_000)
        }
      }
      #expect(busy <= 0.5, "\(busy) s of 2")
    }
  }

  @Test("what the system refuses a thread is a warning with its remedy, and the binding works")
  func refused() throws {
    let wrong = Self.text("scheduling = \"fifo:30\"\ncpus = [1022, 1023]")
    try Lab.run(configuration: wrong, launcher: ["prlimit", "--rtprio=0:0"]) { lab in
      let session = try lab.client.open()
      try echo(session, lab, 1...5)
      let warnings = try lab.daemon.complaints.filter { $0.contains("warning") }
      func expect(_ words: String...) {
        #expect(
          warnings.contains { line in words.allSatisfy { line.contains($0) } }, "\(warnings)")
      }
      expect(
        "np0: the thread does not get the priority fifo:30", "sched_setscheduler",
        "Operation not permitted", "LimitRTPRIO=30", "30-realtime.conf")
      expect(
        "np0: the thread does not stay on processors 1022, 1023", "may run on none of them",
        "into cpus")
      // The profile keeps memory resident, which this daemon may not.
      expect("memory is not locked", "LimitMEMLOCK=infinity")
    }
    let partly = Self.text("cpus = [0, 1023]")
    try Lab.run(configuration: partly) { lab in
      let session = try lab.client.open()
      try echo(session, lab, 1...5)
      let log = try lab.daemon.log
      #expect(log.contains("np0: the thread does not run on processor 1023, where"))
      #expect(try lab.daemon.scheduling(of: "bind-np0")?.processors == "0")
    }
  }

  @Test("a thread stays on the processors of its binding, and no other thread does")
  func processors() throws {
    try Lab.run(configuration: Self.text("cpus = [0]")) { lab in
      let session = try lab.client.open()
      // Helpers are started by the thread of the binding.
      let outgoing = try lab.client.open(flags: .outgoing)
      try echo(session, lab, 1...5)
      let daemon = try lab.daemon
      #expect(daemon.scheduling(of: "bind-np0")?.processors == "0")
      let others = daemon.resources.threads.filter { $0 != "bind-np0" }
      let usual = daemon.scheduling(of: "ndisprotd")?.processors
      for name in others {
        guard let other = daemon.scheduling(of: name) else { continue }
        #expect(other.processors == usual, "\(name)")
      }
      #expect(!daemon.log.contains("the thread"))
      withExtendedLifetime(outgoing) {}
    }
  }

  @Test(
    "a thread has the priority of its binding, no other thread has, and a reload changes the next",
    .enabled(if: Self.mayHavePriority, "needs CAP_SYS_NICE"))
  func priority() throws {
    let text = Self.text("scheduling = \"fifo:30\"")
    try Lab.run(Lab.Options(startsDaemon: false, configuration: text)) { lab in
      // As AmbientCapabilities= of a service; LimitRTPRIO= does as well, where it may be raised.
      try Daemon(
        lab, configuration: lab.configurationPath, capabilities: "-all,+net_raw,+sys_nice",
        launcher: ["setpriv", "--inh-caps=+sys_nice", "--ambient-caps=+sys_nice"]
      ).waitUntilReady()
      let session = try lab.client.open()
      let outgoing = try lab.client.open(flags: .outgoing)
      try echo(session, lab, 1...5)
      let daemon = try lab.daemon
      // 1 is SCHED_FIFO.
      let own = daemon.scheduling(of: "bind-np0")
      #expect(own?.policy == 1 && own?.priority == 30)
      for name in daemon.resources.threads where name != "bind-np0" {
        guard let other = daemon.scheduling(of: name) else { continue }
        #expect(other.policy == 0 && other.priority == 0, "\(name)")
      }
      #expect(!daemon.log.contains("the thread"))
      #expect(try lab.reload(Self.text("scheduling = \"fifo:20\"")).exitCode == 0)
      #expect(daemon.scheduling(of: "bind-np0")?.priority == 30)
      #expect(try session.closeDevice().status == .success)
      #expect(try outgoing.closeDevice().status == .success)
      try eventually("the old thread ends") { !daemon.resources.threads.contains("bind-np0") }
      #expect(try session.open("np0", types: [0x88B5]).status == .success)
      #expect(daemon.scheduling(of: "bind-np0")?.priority == 20)
    }
  }

  private static let mayHavePriority: Bool = {
    let words = ["chrt", "-f", "30", "true"]
    guard let child = try? ChildProcess(words, errorPath: "/dev/null") else { return false }
    return (try? child.exitCode()) == 0
  }()
}

@Suite(
  "Sparse beside bulk", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct SparseBesideBulkTests {
  @Test("an open with few frames gets each beside another with many, which gets all of its own")
  func together() throws {
    try Lab.run { lab in
      let sparse = try lab.client.open(types: [0x88B6])
      let bulk = try lab.client.open(types: [0x88B5])
      let sparseFrame = Frame.make(type: "88b6")
      let kinds = Array(repeating: Frame.make(type: "88b5"), count: 50) + [sparseFrame]
      // What a queue holds, however slow the readers are.
      let count = 51 * 100
      for _ in 1...10 {
        try lab.peer.startFlood(kinds, count: count, framesPerSecond: 200_000)
        var received: [[String]] = [[], []]
        while received[0].count < count / 51 * 50 {
          if received[1].count < count / 51 { received[1] += try sparse.read().frames }
          received[0] += try bulk.readBatch().frames
        }
        while received[1].count < count / 51 { received[1] += try sparse.read().frames }
        try lab.peer.finishFlood()
        let numbers = (1...count).map { (number: $0, isSparse: $0 % 51 == 50) }
        #expect(
          received[1]
            == numbers.filter(\.isSparse).map { Frame.make(type: "88b6", number: $0.number) })
        #expect(
          received[0]
            == numbers.filter { !$0.isSparse }.map { Frame.make(type: "88b5", number: $0.number) })
      }
      for session in [sparse, bulk] { #expect(try session.counterOfOpen(.rxOverrun) == 0) }
    }
  }
}
