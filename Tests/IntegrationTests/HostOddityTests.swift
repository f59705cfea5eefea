import Glibc
import NDIS
import Testing

/// What a daemon may find where it is started: no standard descriptors, and accounts of any size.
@Suite(
  "Odd places to start in", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct HostOddityTests {
  @Test(
    "started without standard descriptors, it gives their numbers to nothing of its own",
    arguments: ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
  func closedDescriptors(redirection: String) throws {
    try Lab.run(Lab.Options(startsDaemon: false)) { lab in
      let daemon = try Daemon(lab, launcher: ["sh", "-c", "exec \"$@\" \(redirection)", "sh"])
      // Where its log is, is what is tested: its socket says that it is ready.
      try eventually("an answer") { (try? lab.makeClient().connect()) != nil }
      lab.isServed(by: daemon)
      for number in 0...2 {
        let target = daemon.target(ofDescriptor: number)
        // The others are the socket and the file that the lab gave.
        guard redirection.contains("\(number)") else { continue }
        #expect(target == "/dev/null", "\(number) is \(target ?? "closed")")
      }
    }
  }

  /// Puts files of accounts over the system's, in a mount namespace, and goes on with the next words.
  private static let launcher = [
    "unshare", "-m", "sh", "-c",
    """
    mount -t tmpfs none /mnt && cp /etc/group /etc/passwd /mnt || exit 1
    echo wide:x:70001:70001::/:/bin/sh >>/mnt/passwd
    { printf 'crowd:x:70000:' && seq -f 'user%06.0f' -s , 0 20000
      seq 71000 71400 | awk '{ print "g" $1 ":x:" $1 ":wide" }'
      echo last:x:72000:wide; } >>/mnt/group
    mount --bind /mnt/group /etc/group && mount --bind /mnt/passwd /etc/passwd && exec "$@"
    """, "sh",
  ]

  @Test(
    "a rule for a group of 20,001 members, and one for the last of a user's 402 groups, decide",
    .needsSeveralUsers)
  func bigAccounts() throws {
    let crowd = Policy.rule("crowd", "\"0x888e\"", "\"read\"", user: "group = \"crowd\"")
    let last = Policy.rule("last", "\"0x88b5\"", "\"read\"", user: "group = \"last\"")
    try Lab.run(configuration: Policy.text(crowd, last), launcher: Self.launcher) { lab in
      let member = lab.makeClient(as: .numbered(70_123, groups: [70_000]))
      #expect(try member.connect().open("np0", types: [0x888E]).status == .success)
      // By number: ndisprotctl looks names up itself, and sees other files than the daemon here.
      let outcome = try lab.ctl("policy", "explain", "70001", "np0", "0x88b5")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("last"), "\(outcome.output)")
    }
  }
}
