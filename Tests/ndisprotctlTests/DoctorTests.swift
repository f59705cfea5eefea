import Glibc
import NdisprotClient
import Testing

@testable import ndisprotctl

@Suite("what doctor finds, and commands that find no daemon")
struct DoctorTests {
  private static let alice = Login(
    userName: "alice", isRoot: false, own: [1_000], account: [1_000])
  private static let usual = Connection.defaultPath

  private static func words(
    _ errno: Int32, path: String = usual, login: Login = alice,
    _ change: (inout Unreachable) -> Void = { _ in }
  ) -> (check: String, text: String) {
    var machine = Unreachable(path: path, SystemError(errno: errno, call: "connect"), login: login)
    machine.groupID = 990
    change(&machine)
    let words = machine.words
    return (words.check, "\(words.cause). \(words.remedy)")
  }

  private static func units(_ socket: String, _ service: String) -> (ServiceUnit, ServiceUnit) {
    (
      ServiceUnit(ServiceUnit.socket, shown: socket),
      ServiceUnit(ServiceUnit.service, shown: service)
    )
  }

  @Test(
    "no socket: the unit's fault is the cause, with its remedy",
    arguments: [
      ("LoadState=masked", "LoadState=loaded\nActiveState=inactive", "unit", "systemctl unmask"),
      ("LoadState=not-found", "LoadState=not-found", "unit", "Install the package"),
      (
        "LoadState=loaded\nActiveState=inactive", "LoadState=loaded\nActiveState=inactive", "unit",
        "systemctl enable --now ndisprot.socket"
      ),
      (
        "LoadState=loaded\nActiveState=failed", "LoadState=loaded\nActiveState=failed", "unit",
        "journalctl -u ndisprotd.service"
      ),
    ])
  func units(_ socket: String, _ service: String, _ check: String, _ remedy: String) {
    let said = Self.words(ENOENT) { machine in
      machine.isSystemdHere = true
      machine.units = Self.units(socket, service)
    }
    #expect(said.check == check && said.text.contains(remedy), "\(said)")
    #expect(said.text.contains("there is no socket \(Self.usual)"))
  }

  @Test("no group: the socket unit cannot start, and that is the one cause")
  func group() {
    let said = Self.words(ENOENT) { machine in
      machine.isSystemdHere = true
      machine.groupID = nil
      machine.units = Self.units("LoadState=loaded\nActiveState=failed", "LoadState=loaded")
    }
    #expect(said.check == "group" && said.text.contains("systemd-sysusers"), "\(said)")
  }

  @Test("another socket than the usual one, which is there, is most likely a mistake")
  func otherPath() {
    let said = Self.words(ENOENT, path: "/srv/x") { $0.isUsualSocketThere = true }
    #expect(said.text.contains("unset NDISPROT_SOCKET"), "\(said)")
    let alone = Self.words(ENOENT, path: "/srv/x")
    #expect(alone.text.contains("ndisprotd --socket /srv/x --interface eth0 --allow alice"))
  }

  @Test("a user who may not connect is named, and so is what is missing")
  func forbidden() {
    func file(isForGroup: Bool) -> Unreachable.File {
      Unreachable.File(
        ownerName: "bob", groupID: 990, groupName: "ndisprot", isForGroup: isForGroup,
        isSocket: true)
    }
    let outside = Self.words(EACCES) { $0.file = file(isForGroup: true) }
    #expect(outside.check == "group" && outside.text.contains("usermod -aG ndisprot alice"))
    let stale = Login(userName: "alice", isRoot: false, own: [1_000], account: [1_000, 990])
    let old = Self.words(EACCES, login: stale) { $0.file = file(isForGroup: true) }
    #expect(old.check == "login" && old.text.contains("newgrp ndisprot"), "\(old)")
    #expect(!old.text.contains("usermod"))
    let foreign = Self.words(EACCES) { $0.file = file(isForGroup: false) }
    #expect(foreign.text.contains("belongs to bob alone") && foreign.text.contains("--allow alice"))
    let hidden = Self.words(EACCES)
    #expect(hidden.text.contains("namei -l"))
  }

  @Test("no sentence speaks of YOU, and each has a remedy")
  func names() {
    for errno in [ENOENT, ECONNREFUSED, EACCES, EPROTOTYPE, ENAMETOOLONG, EAGAIN, EMFILE] {
      let said = Self.words(errno)
      #expect(!said.text.contains("YOU") && said.text.split(separator: ". ").count >= 2, "\(said)")
    }
  }

  @Test("a login that is older than its account's groups is a note with a remedy")
  func login() {
    let stale = Login(userName: "alice", isRoot: false, own: [1_000], account: [1_000, 7, 8])
    let finding = stale.finding { "g\($0)" }
    #expect(finding?.verdict == .note && finding?.text.contains("g7, g8") == true)
    #expect(finding?.remedy?.contains("newgrp g7") == true && finding?.isFailure == false)
    #expect(Self.alice.finding { "\($0)" } == nil)
    let unknown = Login(userName: "alice", isRoot: false, own: [1], account: nil)
    #expect(unknown.finding { "\($0)" } == nil)
  }

  @Test("a finding fits the screen, and its verdict stands in front")
  func lines() {
    let finding = Finding.wrong("link", "np1 is down", remedy: "Set it up: ip link set np1 up")
    #expect(finding.line == "FAIL  link: np1 is down. Set it up: ip link set np1 up")
    #expect(
      finding.lines(on: Screen(columns: 30)) == [
        "FAIL  link: np1 is down. Set", "      it up: ip link set np1", "      up",
      ])
    #expect(finding.json.closed.contains("\"ok\":false"))
    #expect(Finding.note("a", "b").json.closed.contains("\"ok\":true"))
    #expect(Finding.fine("a", "b").line == "ok    a: b")
    #expect(Finding.skipped("a", because: "unit").line == "skip  a: not checked, see unit")
  }

  @Test("an interface that nothing binds, and one that cannot be bound, are told apart")
  func absent() {
    var context = SentenceTests.context(present: ["np1"])
    #expect(Output.words(absent: context).remedy.contains("Did you mean np1?"))
    context.localInterface = .ethernet
    let unbound = Output.words(absent: context)
    #expect(unbound.cause.contains("np0 is there") && unbound.remedy.contains("--interface np0"))
    context.localInterface = .foreign(772)
    let loopback = Output.words(absent: context)
    #expect(loopback.cause.contains("loopback") && loopback.remedy.contains("Ethernet interface"))
  }

  @Test("digits are read as they are pasted, and nothing else is")
  func hex() {
    #expect(HexText.bytes("01:a0-ff 00\n11") == [1, 0xA0, 0xFF, 0, 0x11])
    #expect(HexText.bytes("0x01") == [1])
    for text in ["", "0", "0x", "0g", "１１", "0x0x"] { #expect(HexText.bytes(text) == nil) }
  }

  @Test("a speed has the prefix that makes it short")
  func speed() {
    let speeds: [(UInt64, String)] = [
      (0, "0 bit/s"), (999, "999 bit/s"), (10_000_000, "10 Mbit/s"),
      (2_500_000_000, "2.5 Gbit/s"), (.max - 1, "18446744073.7 Gbit/s"),
    ]
    for (speed, text) in speeds { #expect(OIDMeaning.speedText(speed) == text) }
    #expect(OIDMeaning(.initTimeMS).text(1, of: .initTimeMS) == "1 ms")
    #expect(OIDMeaning(.rcvOK).text(1, of: .rcvOK) == "1 frame")
    #expect(OIDMeaning(.mediaConnectStatus).text(1, of: .mediaConnectStatus) == "1 (disconnected)")
  }

  @Test("every short name of an OID leads back to it")
  func shortNames() {
    for row in OID.supported { #expect(OID(named: row.shortName) == row.oid, "\(row.name)") }
  }
}
