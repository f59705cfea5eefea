import Glibc
import NDIS
import Testing

/// The audit in a journal that journald itself keeps, asked as ndisprotd(8) says.
@Suite(
  "The audit in the journal", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct AuditJournalTests {
  private static let journald = "/lib/systemd/systemd-journald"

  /// Starts a journald in a /run of its own, whose files lie in the directory `$0`; it ends with the
  /// daemon that takes the place of the shell.
  ///
  /// Without control groups it does not start.
  private static let launch = """
    { [ -n "$(ls /sys/fs/cgroup)" ] || mount -t cgroup2 none /sys/fs/cgroup; } &&
    mount -t tmpfs none /run && mkdir -p /run/systemd/journal /run/log/journal && mkdir "$0" &&
    mount --bind "$0" /run/log/journal && { setpriv --pdeathsig TERM \(journald) >/dev/null 2>&1 & } &&
    until [ -S /run/systemd/journal/socket ]; do sleep 0.05; done &&
    export JOURNAL_STREAM="$(stat -Lc %d:%i /proc/self/fd/2)" && exec "$@"
    """

  private static let rule = Policy.rule(
    "both", "\"0x88b5\"", "\"read\", \"write\"", user: "user = \"61010\"")

  @Test("each record has its fields, its priority and an identifier; the manual's lines find it")
  func journal() throws {
    try #require(access(Self.journald, X_OK) == 0, "apt-get install systemd")
    let folder = Lab.temporaryPath("journal")
    defer { _ = try? ChildProcess.run(["rm", "-rf", folder], errorPath: "/dev/null") }
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      try lab.configure(Policy.text(Self.rule))
      let daemon = try Daemon(
        lab, configuration: lab.configurationPath,
        launcher: ["unshare", "-m", "sh", "-c", Self.launch, folder])
      let ready = "MESSAGE_ID=96ede00b8bfa4cdd9383f93eb80d80f3"
      try eventually("a ready daemon: \(daemon.log)") {
        try !Self.entries(folder, [ready], lab).isEmpty
      }
      lab.isServed(by: daemon)
      let session = try lab.makeClient(as: .numbered(61_010)).open(types: [0x88B5])
      #expect(try session.closeDevice().status == .success)
      // Number 1 is daemon on every system that has accounts at all.
      let stranger = lab.makeClient(as: .numbered(1))
      _ = try stranger.connect().open("np0", types: [0x888E])
      var denied: [Substring] = []
      try eventually("the denial in the journal") {
        denied = try Self.entries(folder, ["NDISPROT_EVENT=denied"], lab)
        return denied.count == 1
      }
      let entry = String(try #require(denied.first))
      for field in [
        "\"PRIORITY\":\"5\"", "\"MESSAGE_ID\":\"5cd31bdb2b8847889b4037cb9ce35aa0\"",
        "\"NDISPROT_UID\":\"1\"", "\"NDISPROT_USER\":\"daemon\"", "\"NDISPROT_COMM\":\"python3\"",
        "\"NDISPROT_PID\":\"\(stranger.processID)\"", "\"NDISPROT_OPERATION\":\"open\"",
        "\"NDISPROT_BINDING\":\"np0\"", "\"NDISPROT_RULE\":\"-\"",
        "\"NDISPROT_CAUSE\":\"no rule names daemon\"",
        "\"MESSAGE\":\"denied: daemon (1, python3 \(stranger.processID)) open np0 eapol: "
          + "no rule names daemon\"",
      ] {
        #expect(entry.contains(field), "\(field): \(entry)")
      }
      let open = try #require(try Self.entries(folder, ["NDISPROT_EVENT=open"], lab).first)
      #expect(open.contains("\"PRIORITY\":\"6\""))
      #expect(open.contains("\"NDISPROT_RIGHTS\":\"read,write\""))
      let close = try #require(try Self.entries(folder, ["NDISPROT_EVENT=close"], lab).first)
      #expect(close.contains("\"NDISPROT_REASON\":\"closed\""), "\(close)")
      #expect(close.contains("\"NDISPROT_TX_REJECTED_POLICY\":\"0\""), "\(close)")
      #expect(try lab.daemon.log == "")
      // Here no unit has made the entries, the interface is np0, and no line follows.
      let lines = try Self.manualLines()
      #expect(lines.count >= 4)
      for line in lines {
        let words = line.replacing("-u ndisprotd", with: "").replacing("eth0", with: "np0")
          .replacing("alice", with: "daemon").replacing("-f", with: "")
          .split(separator: " ").dropFirst().map(String.init)
        #expect(try !Self.entries(folder, words, lab).isEmpty, "\(line)")
      }
    }
  }

  /// The commands of ndisprotd(8) that read the journal.
  private static func manualLines() throws -> [String] {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let text = try #require(TextFile.read("/\(root)/Config/man/ndisprotd.8"))
    return text.split(separator: "\n").filter { $0.hasPrefix(".Dl journalctl ") }
      .map { String($0.dropFirst(4)).replacing("\\-", with: "-") }
  }

  private static func entries(
    _ folder: String, _ words: [String], _ lab: Lab
  ) throws -> [Substring] {
    let outcome = try ChildProcess.run(
      ["journalctl", "-q", "--no-pager", "-o", "json", "-D", folder] + words,
      errorPath: lab.filePath("journalctl"))
    return outcome.output.split(separator: "\n")
  }
}
