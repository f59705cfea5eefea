import NDIS
import Testing

/// The memory of rings, for real users with the real daemon.
@Suite(
  "Limits of rings", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct RingLimitTests {
  private static let first = User.numbered(61_010, groups: [User.group])
  private static let second = User.numbered(61_011, groups: [User.group])

  /// Five eighths of 1 MiB are two receive rings of the minimum.
  private static let configuration =
    "[daemon]\nqueue_memory = \"1 MiB\"\n"
    + Policy.text(
      Policy.rule(
        "some", "\"0x88b5\"", "\"read\", \"write\"", user: "group = \"\(User.group)\""),
      interface: "np*")

  @Test("attack 6: one user does not take the rings of others, and is told why it gets no more")
  func ofUser() throws {
    try Lab.run(configuration: Self.configuration, cables: 3) { lab in
      let greedy = lab.makeClient(as: Self.first)
      let kept = try ["np0", "np2"].map { try greedy.open($0, types: [0x88B5]) }
      let more = try greedy.connect()
      let refused = try more.open("np4", types: [0x88B5])
      #expect(refused.status == .noMemory)
      let text = String(decoding: refused.octets, as: UTF8.self)
      #expect(text.contains("for one user is used up") && text.contains("queue ="), "\(text)")
      try eventually("a line in the log") {
        try lab.daemon.complaints.contains { $0.contains("np4 cannot be opened: receive-rings") }
      }
      let limits = try lab.ctl("--json", "stats", "--limits").output
      #expect(
        limits.contains(
          "\"name\":\"receive-rings\",\"limitUsed\":524288,\"limitRefused\":1,"
            + "\"limitOfAll\":1048576,\"limitOfUser\":655360"), "\(limits)")
      // An interface that is open already costs no more.
      #expect(try more.open("np0", types: [0x88B5]).status == .success)
      let other = try lab.makeClient(as: Self.second).open("np4", types: [0x88B5])
      try kept[1].disconnect()
      try other.disconnect()
      let late = try greedy.connect()
      try eventually("room for one") { try late.open("np4", types: [0x88B5]).status == .success }
    }
  }
}
