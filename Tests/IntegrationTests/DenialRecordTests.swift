import NDIS
import Testing

/// Refusals whose replies have no room for a text: the record says which rule decided.
@Suite(
  "Records of refused requests", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .needsSeveralUsers)
struct DenialRecordTests {
  private static let user = User.numbered(61_010)

  private static func configuration(_ more: String = "") -> String {
    Policy.text(
      Policy.rule("some", "\"0x88b5\"", "\"read\"", user: "user = \"61010\"", more: more))
  }

  @Test("a refused SET_OID_VALUE is recorded with the open, the rule and the right it lacks")
  func setOID() throws {
    try Lab.run(configuration: Self.configuration()) { lab in
      let session = try lab.makeClient(as: Self.user).open(types: [0x88B5])
      let refused = try session.set(.currentPacketFilter, "05000000")
      #expect(refused.status == .notPermitted)
      let record = try #require(try lab.daemon.auditLines("denied").first)
      #expect(record["uid"] == "61010" && record["binding"] == "np0" && record["rule"] == "some")
      #expect(record["cause"]?.hasPrefix("rule 'some' (") == true)
      #expect(record["cause"]?.hasSuffix(" does not give set-oid") == true)
      #expect(try record["open"] == lab.daemon.auditLines("open").first?["open"])
      // What is wrong in itself is no matter of rules.
      #expect(try session.set(.statistics, "00").status != .notPermitted)
      #expect(try lab.daemon.auditLines("denied").count == 1)
    }
  }

  @Test("a read beyond a rule's requests is recorded with the rule; a flood of them in few lines")
  func requests() throws {
    try Lab.run(configuration: Self.configuration("requests = 2")) { lab in
      let session = try lab.makeClient(as: Self.user).open(types: [0x88B5])
      let kept = try session.startReads(2)
      #expect(try session.read().status == .tooManyRequests)
      let record = try #require(try lab.daemon.auditLines("denied").first)
      #expect(record["uid"] == "61010" && record["binding"] == "np0" && record["rule"] == "some")
      #expect(record["cause"]?.hasSuffix("allows requests = 2, which is used up") == true)
      let flood = try session.collect(try session.startReads(200))
      #expect(flood.count(.tooManyRequests) == 200)
      #expect(try lab.daemon.auditLines("denied").count < 100)
      for id in kept { #expect(try session.isPending(id)) }
    }
  }

  @Test("OPEN_DEVICE that is refused is recorded with the absence of a rule")
  func openDevice() throws {
    let narrow = Policy.text(
      Policy.rule("some", "\"0x88b5\"", "\"read\"", user: "user = \"61010\"", interface: "zz*"))
    try Lab.run(configuration: narrow) { lab in
      let session = try lab.makeClient(as: Self.user).connect()
      #expect(try session.openDevice("np0").status != .success)
      let record = try #require(try lab.daemon.auditLines("denied").first)
      #expect(record["rule"] == "-" && record["binding"] == "np0")
      #expect(record["cause"] == "no rule lets this user use this interface")
    }
  }
}
