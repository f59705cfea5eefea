import Glibc
import NDIS
import Testing

/// Traffic of programs that nobody here wrote, captured through the daemon.
///
/// Without hostapd, wpa_supplicant, lldpd or tcpdump these tests fail: `scripts/test` installs them.
@Suite(
  "Real traffic", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces,
  .needsSeveralUsers)
struct RealTrafficTests {
  @Test("an 802.1X exchange of hostapd and wpa_supplicant is what tcpdump sees, each way, in order")
  func portAccess() throws {
    // The authenticator sends on the daemon's interface.
    try Lab.run(Lab.Options(ownsWire: false)) { lab in
      let capture = try TwoCaptures(lab, etherType: "888e", group: Frame.group)
      let authenticator = try lab.startAuthenticator(user: "joe", password: "secret")
      for (password, outcome) in [("secret", "EAP-SUCCESS"), ("wrong", "EAP-FAILURE")] {
        let supplicant = try lab.startSupplicant(user: "joe", password: password)
        try supplicant.awaitLine(containing: "CTRL-EVENT-\(outcome)")
        try authenticator.awaitLine(containing: "CTRL-EVENT-\(outcome)")
        try supplicant.kill()
      }
      try authenticator.kill()

      let seen = try capture.compare()
      // Start, identity and MD5 response of two supplicants; a request for each, and the end.
      #expect(seen.arriving.count >= 6 && seen.leaving.count >= 6)
      let codes = seen.leaving.map { $0.dropFirst(36).prefix(2) }
      #expect(codes.contains("03") && codes.contains("04"), "EAP success and failure")
    }
  }

  @Test("what two lldpd say to each other is what tcpdump sees, each way, in order")
  func neighbours() throws {
    try Lab.run(Lab.Options(ownsWire: false)) { lab in
      let capture = try TwoCaptures(lab, etherType: "88cc", group: "0180c200000e")
      let daemons = [
        try lab.startNeighbour(lab.nearWords, "np0"), try lab.startNeighbour(lab.farWords, "np1"),
      ]
      try capture.await(3)
      for daemon in daemons { try daemon.kill() }
      let seen = try capture.compare()
      #expect(seen.arriving.count >= 3 && seen.leaving.count >= 3)
    }
  }
}

/// One EtherType of `np0`, captured through the daemon, both directions asked for, and by tcpdump.
private final class TwoCaptures {
  private let lab: Lab
  private let session: ControlSession
  private let arriving: Tcpdump
  private let leaving: Tcpdump
  private let etherType: String
  private let group: String
  private var records: [Reply.Record] = []

  init(_ lab: Lab, etherType: String, group: String) throws {
    (self.lab, self.etherType, self.group) = (lab, etherType, group)
    let type = try #require(Int(etherType, radix: 16))
    session = try lab.client.open(flags: .outgoing, types: [type])
    let isSet = try session.set(.multicastList, group).status
    guard isSet == .success else { throw LabError.failed("the group: \(isSet)") }
    arriving = try Tcpdump(lab, .arriving, etherType: etherType)
    leaving = try Tcpdump(lab, .leaving, etherType: etherType)
  }

  /// Reads until that many frames went each way.
  func await(_ count: Int) throws {
    while frames(leaving: false).count < count || frames(leaving: true).count < count {
      records += try session.readBatch().records ?? []
    }
  }

  /// What both saw, the same bytes in the same order each way; a last frame says that it is all.
  func compare() throws -> (arriving: [String], leaving: [String]) {
    let lastIn = Frame.make(to: group, type: etherType, number: 0xFFFF_0001)
    let lastOut = Frame.make(
      to: group, from: Frame.own, type: etherType, number: 0xFFFF_0002)
    try lab.peer.send(lastIn)
    let type = try #require(Int(etherType, radix: 16))
    let writer = try lab.client.open(types: [type])
    #expect(try writer.write(lastOut).status == .success)
    while frames(leaving: false).last != lastIn || frames(leaving: true).last != lastOut {
      records += try session.readBatch().records ?? []
    }
    #expect(records.allSatisfy { 2 * $0.originalLength == $0.bytes.count })
    let seen = (
      arriving: try arriving.frames(upTo: lastIn), leaving: try leaving.frames(upTo: lastOut)
    )
    #expect(frames(leaving: false) == seen.arriving)
    #expect(frames(leaving: true) == seen.leaving)
    return (seen.arriving.dropLast(), seen.leaving.dropLast())
  }

  private func frames(leaving: Bool) -> [String] {
    records.filter { ($0.flags & FrameRecord.Flags.outgoing.rawValue != 0) == leaving }
      .map(\.bytes)
  }
}

extension Lab {
  /// hostapd with its own EAP server on `np0`, ready to be asked.
  fileprivate func startAuthenticator(user: String, password: String) throws -> ChildProcess {
    let users = try writeFile("users", "\"\(user)\" MD5 \"\(password)\"\n")
    let settings = try writeFile(
      "hostapd",
      """
      interface=np0
      driver=wired
      ieee8021x=1
      eap_server=1
      eap_user_file=\(users)
      use_pae_group_addr=1

      """)
    let process = try ChildProcess(
      nearWords(["hostapd", settings]), errorPath: filePath("hostapd"))
    try process.awaitLine(containing: "AP-ENABLED")
    return process
  }

  /// wpa_supplicant at the far end.
  fileprivate func startSupplicant(user: String, password: String) throws -> ChildProcess {
    let settings = try writeFile(
      "supplicant",
      """
      ap_scan=0
      network={
        key_mgmt=IEEE8021X
        eap=MD5
        identity="\(user)"
        password="\(password)"
        eapol_flags=0
      }

      """)
    return try ChildProcess(
      farWords(["wpa_supplicant", "-D", "wired", "-i", "np1", "-c", settings]),
      errorPath: filePath("supplicant"))
  }

  /// lldpd on an interface, a frame a second, in a /run of its own; SIGKILL ends all of it.
  fileprivate func startNeighbour(
    _ namespace: ([String]) -> [String], _ interface: String
  ) throws -> ChildProcess {
    // The shell stays: lldpd changes its user, and then the kernel forgets whom to kill with whom.
    let script = """
      mount -t tmpfs tmpfs /run && mkdir /run/lldpd &&
      echo 'configure lldp tx-interval 1' >/run/settings &&
      lldpd -d -O /run/settings -I "$0" -S lab -P lab >&2; exit $?
      """
    let space = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c"]
    return try ChildProcess(
      namespace(space + [script, interface]), errorPath: filePath("lldpd"))
  }

  private func writeFile(_ name: String, _ text: String) throws -> String {
    let path = filePath(name)
    guard TextFile.write(text, to: path) else { throw LabError.failed("cannot write \(path)") }
    return path
  }
}

extension ChildProcess {
  /// Reads lines up to one with this text.
  fileprivate func awaitLine(containing text: String) throws {
    while let line = try nextLine() {
      if String(decoding: line, as: UTF8.self).contains(text) { return }
    }
    throw LabError.failed("no line with \(text): \(errorText)")
  }

  /// Ends it before it says another word.
  fileprivate func kill() throws {
    send(SIGKILL)
    _ = try exitCode()
  }
}
