import Glibc
import NDIS
import Testing

@Suite(
  "Reload", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces,
  .needsSeveralUsers)
struct ReloadTests {
  private static let full = Policy.rule("both", "\"0x88b5\"", "\"read\", \"write\"")
  private static let reader = Policy.rule("both", "\"0x88b5\"", "\"read\"")
  private static let frame = Frame.outward(type: "88b5")

  /// Waits until the log says so once more than before.
  private func awaitLog(_ lab: Lab, _ text: String, after count: Int) throws {
    try eventually("\(text): \(lab.daemon.log)") {
      try lab.daemon.logLines.count { $0.contains(text) } > count
    }
  }

  private func hangUp(_ lab: Lab, expecting text: String) throws {
    let before = try lab.daemon.logLines.count { $0.contains(text) }
    try lab.daemon.send(SIGHUP)
    try awaitLog(lab, text, after: before)
  }

  @Test("SIGHUP: a good file is followed at once, a bad one changes nothing and the log says why")
  func hangUp() throws {
    try Lab.run(configuration: Policy.text(Self.full)) { lab in
      let session = try lab.client.open(types: [0x88B5])
      try lab.configure(Policy.text(Self.reader))
      try hangUp(lab, expecting: "reloaded: 1 rules; opens changed 1, closed 0")
      #expect(try session.write(Self.frame).status == .notPermitted)
      for bad in ["[[rule]]\nname = 3\n", "[[rule]\n", ""] {
        try lab.configure(Policy.text(Self.full))
        if bad.isEmpty {
          // What others may write is not read at all.
          chmod(lab.configurationPath, 0o666)
        } else {
          try lab.configure(Policy.text(Self.full, bad))
        }
        try hangUp(lab, expecting: "not reloaded, the old policy stays: \(lab.configurationPath)")
        #expect(try session.write(Self.frame).status == .notPermitted)
      }
      try lab.configure(Policy.text(Self.full))
      try hangUp(lab, expecting: "reloaded: 1 rules; opens changed 1, closed 0")
      #expect(try session.write(Self.frame).status == .success)
    }
  }

  @Test("what [daemon] says holds from the reload on: log, sessions, sessions_per_user")
  func daemonKeys() throws {
    try Lab.run(configuration: Policy.text(Self.full)) { lab in
      let before = try lab.daemon.complaints.count
      #expect(try lab.reload(Policy.text(Self.full) + "[daemon]\nlog = \"error\"\n").exitCode == 0)
      _ = try lab.client.open(types: [0x88B5])
      #expect(try lab.daemon.complaints.count == before)
      let limited = "[daemon]\nlog = \"info\"\nsessions_per_user = 2\n"
      #expect(try lab.reload(Policy.text(Self.full) + limited).exitCode == 0)
      _ = try lab.client.connect()
      #expect(throws: LabError.self) { try lab.client.connect() }
      try awaitLog(lab, "cause=\"sessions_per_user = 2 is used up\"", after: 0)
      #expect(try lab.reload(Policy.text(Self.full) + "[daemon]\nsessions = 2\n").exitCode == 0)
      #expect(throws: LabError.self) { try lab.client.connect() }
      try awaitLog(lab, "cause=\"sessions = 2 is used up\"", after: 0)
      // Who can do something about it gets in all the same.
      #expect(try lab.ctl("bindings").exitCode == 0)
    }
  }

  @Test("a ring, a queue and the memory of all queues are other ones when the last open has gone")
  func sizes() throws {
    func text(_ binding: String, _ memory: String = "256 MiB") -> String {
      Policy.text(Self.full, binding: binding) + "[daemon]\nqueue_memory = \"\(memory)\"\n"
    }
    try Lab.run(configuration: text("")) { lab in
      let session = try lab.client.connect()
      #expect(try session.open("np0", types: [0x88B5]).granted?.queueBytes == 1 << 20)
      let wanted = "queue = \"4 MiB\"\nring = \"8 MiB\"\nprofile = \"throughput\""
      #expect(try lab.reload(text(wanted)).exitCode == 0)
      try awaitLog(
        lab, "np0: what is new of its [[binding]] holds when its last open has", after: 0)
      #expect(try session.write(Self.frame).status == .success)
      #expect(try session.closeDevice().status == .success)
      try eventually("the old thread ends") {
        try !lab.daemon.resources.threads.contains("bind-np0")
      }
      #expect(try session.open("np0", types: [0x88B5]).granted?.queueBytes == 4 << 20)
      #expect(try session.closeDevice().status == .success)
      // Nobody uses the thread: it ends at once, and the next open gets a share of what there is.
      #expect(try lab.reload(text(wanted + "\n", "1 MiB")).exitCode == 0)
      try eventually("the old thread ends") {
        try !lab.daemon.resources.threads.contains("bind-np0")
      }
      #expect(try session.open("np0", types: [0x88B5]).granted?.queueBytes == 256 << 10)
      #expect(try session.closeDevice().status == .success)
      #expect(try lab.reload(text(wanted)).exitCode == 0)
      #expect(try session.open("np0", types: [0x88B5]).status == .success)
    }
  }

  @Test("threat T20: an interface that gets another name is judged by the rules for that name")
  func rename() throws {
    try Lab.run(configuration: Policy.text(Self.full)) { lab in
      let session = try lab.client.open(types: [0x88B5])
      let idle = try lab.client.open(types: [])
      let read = try session.startRead()
      #expect(try session.isPending(read))
      try lab.ip("link set np0 name other")
      #expect(try session.reply(to: read).status == .notPermitted)
      #expect(try session.write(Self.frame).status == .notAssociated)
      try eventually("the open without frames is closed") {
        try idle.query(.mediaInUse).status == .notConnected
      }
      try lab.ip("link set other name np0")
      #expect(try lab.client.open(types: [0x88B5]).write(Self.frame).status == .success)
    }
  }

  @Test("B17: 100 reloads under load, every third of a bad file: never a frame too many or too few")
  func storm() throws {
    let never = Frame.outward(type: "88b5", tag: "81000006")
    let some = Frame.outward(type: "88b6")
    func text(_ isOpen: Bool) -> String {
      Policy.text(
        Policy.rule("toggled", "\"0x88b6\"", isOpen ? "\"read\", \"write\"" : "\"read\""),
        Policy.rule("always", "\"0x88b5\"", "\"read\", \"write\"", more: "vlans = [\"none\", 5]"),
        isOpen ? Policy.rule("here", "\"0x88b7\"", "\"read\"") : "")
    }
    try Lab.run(configuration: text(true)) { lab in
      let far = lab.peer
      let load = lab.makeClient()
      let steady = try load.open(flags: .noLoopback, types: [0x88B5, 0x88B6])
      try steady.startPump([Self.frame, never, some])
      let probe = try lab.client.open(flags: .noLoopback, types: [0x88B6])
      let victim = try lab.client.connect()
      var isOpen = true
      for round in 1...100 {
        if round.isMultiple(of: 3) {
          let outcome = try lab.reload(text(!isOpen) + "[[rule]]\n")
          #expect(outcome.exitCode == 1 && outcome.errors.contains(": rule: name: "))
        } else {
          isOpen.toggle()
          #expect(try lab.reload(text(isOpen)).exitCode == 0)
        }
        // What the file says, or the last good one, holds for the very next frame.
        #expect(try probe.write(some).status == (isOpen ? .success : .notPermitted))
        let status = try victim.open("np0", types: [0x88B7]).status
        #expect(status == (isOpen ? .success : .notPermitted))
        guard isOpen else { continue }
        guard round % 3 == 1 else {
          #expect(try victim.closeDevice().status == .success)
          continue
        }
        let read = try victim.startRead()
        isOpen = false
        #expect(try lab.reload(text(false)).exitCode == 0)
        #expect(try victim.reply(to: read).status == .notPermitted)
        #expect(try victim.read().status == .notAssociated)
      }
      let counts = try steady.stopPump()
      #expect(counts[0].count(.success) == counts[0].total && counts[0].total > 100)
      #expect(counts[1].count(.notPermitted) == counts[1].total)
      #expect(counts[2].count(.success) + counts[2].count(.notPermitted) == counts[2].total)
      #expect(counts[2].count(.success) > 0 && counts[2].count(.notPermitted) > 0)
      // Nothing of VLAN 6 was ever on the wire.
      let seen = try far.receive(200_000, seconds: 1)
      #expect(!seen.isEmpty && !seen.contains { $0.hasPrefix(String(never.prefix(32))) })
    }
  }
}
