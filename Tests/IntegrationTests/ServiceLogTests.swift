import Glibc
import NDIS
import Testing

@Suite(
  "The journal, and the rights of the process", .serialized, .timeLimit(.minutes(15)),
  .tags(.integration), .needsNamespaces)
struct ServiceLogTests {
  private static let quiet = Lab.Options(startsDaemon: false)

  private func run(_ service: Supervisor.Service, _ body: (Lab, Supervisor) throws -> Void) throws {
    try Lab.run(Self.quiet) { lab in
      let supervisor = try Supervisor(lab)
      try supervisor.start(service)
      _ = try supervisor.notices(until: "READY=1")
      try body(lab, supervisor)
      #expect(try supervisor.end() == 0)
    }
  }

  /// Breaks the protocol, which is a line of the log.
  private func violate(_ lab: Lab, times: Int) throws {
    for _ in 0..<times {
      let session = try lab.client.connect()
      try session.sendRaw("00")
      #expect(try session.closes())
    }
  }

  @Test("journal entries have fields: level, binding, client, and an identifier of what happened")
  func fields() throws {
    try run(Supervisor.Service(hasJournal: true)) { lab, supervisor in
      let entries = try supervisor.journalEntries()
      let bound = try #require(entries.first { $0["MESSAGE"]?.hasPrefix("bound np0") == true })
      #expect(bound["NDISPROT_BINDING"] == "np0")
      #expect(bound["PRIORITY"] == "6")
      #expect(bound["SYSLOG_IDENTIFIER"] == "ndisprotd")
      #expect(bound["MESSAGE_ID"]?.count == 32)
      try violate(lab, times: 1)
      let violation = try #require(try supervisor.journalEntries().first)
      #expect(violation["NDISPROT_CLIENT"]?.hasPrefix("uid ") == true)
      #expect(violation["PRIORITY"] == "4")
      #expect(violation["MESSAGE_ID"] != bound["MESSAGE_ID"])
      #expect(try supervisor.standardError == "")
    }
  }

  @Test("B22: nobody reads the journal: frames go on, and the next entry says how many were lost")
  func stalled() throws {
    try run(Supervisor.Service(hasJournal: true)) { lab, supervisor in
      // Many times what a socket of datagrams queues (net.unix.max_dgram_qlen).
      let busy = try lab.client.connect()
      for _ in 0..<300 {
        #expect(try busy.open("np0").status == .success)
        #expect(try busy.closeDevice().status == .success)
      }
      let session = try lab.client.open()
      #expect(try session.write(Frame.outward()).status == .success)
      try lab.peer.send(Frame.make(number: 1))
      #expect(try session.read().frames == [Frame.make(number: 1)])
      let kept = try supervisor.journalEntries().count
      #expect(kept < 600)
      try violate(lab, times: 1)
      let next = try #require(try supervisor.journalEntries().first)
      let lost = try #require(next["NDISPROT_LOST_LINES"].flatMap(Int.init))
      // Two lines came before the first open, and the one behind the last close was audited.
      #expect(lost == 603 - kept)
      try violate(lab, times: 1)
      #expect(try supervisor.journalEntries().first?["NDISPROT_LOST_LINES"] == nil)
    }
  }

  @Test("bad input: without a journald the lines go to standard error")
  func journalAway() throws {
    try run(Supervisor.Service(hasJournal: true)) { lab, supervisor in
      try supervisor.endJournal()
      try violate(lab, times: 1)
      #expect(try supervisor.standardError.contains("session of uid"))
    }
  }

  @Test(
    "threat T23: started by root, no thread has more than CAP_NET_RAW and what was asked for",
    arguments: [([], "0000000000002000"), (["--net-admin"], "0000000000003000")])
  func rights(arguments: [String], mask: String) throws {
    let none = "0000000000000000"
    try run(Supervisor.Service(arguments: arguments, capabilities: nil)) { lab, supervisor in
      let session = try lab.client.open()
      _ = try session.startRead()
      try session.settle()
      let threads = try supervisor.threadStatus()
      #expect(threads.count >= 3)
      for thread in threads {
        #expect(thread["CapEff"] == mask)
        #expect(thread["CapPrm"] == mask)
        #expect(thread["CapBnd"] == mask)
        #expect(thread["CapInh"] == none)
        #expect(thread["CapAmb"] == none)
        #expect(thread["NoNewPrivs"] == "1")
      }
    }
  }

  @Test(
    "without CAP_SYS_RESOURCE and CAP_IPC_LOCK memory is not locked, and the log says what to do")
  func notLocked() throws {
    try run(Supervisor.Service(arguments: ["--lock-memory"])) {
      (_: Lab, supervisor: Supervisor) throws in
      #expect(try supervisor.standardError.contains("LimitMEMLOCK=infinity"))
      #expect(try supervisor.threadStatus().first?["VmLck"] == "0 kB")
    }
  }
}
