import FoundationEssentials
import NDIS
import Testing

@Suite(
  "OIDs that ask the card", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct CardTests {
  /// What `ip -json -stats -stats link` says of an interface.
  private struct IPLink: Decodable {
    let ifname: String
    let stats64: Directions

    struct Directions: Decodable {
      let rx: [String: UInt64]
      let tx: [String: UInt64]
    }
  }

  private func ipCounters(_ lab: Lab, _ name: String = "np0") throws -> IPLink.Directions {
    let words = lab.nearWords(["ip", "-json", "-stats", "-stats", "link", "show", name])
    let outcome = try ChildProcess.run(words, errorPath: lab.filePath("ip"))
    let links = try JSONDecoder().decode([IPLink].self, from: Data(outcome.output.utf8))
    return try #require(links.first { $0.ifname == name }).stats64
  }

  /// A line of `ethtool NAME` or `ethtool -i NAME`, behind its key.
  private func ethtool(_ lab: Lab, _ words: [String], _ key: String) throws -> String {
    let outcome = try ChildProcess.run(
      lab.nearWords(["ethtool"] + words), errorPath: lab.filePath("ethtool"))
    let line = try #require(
      outcome.lines.first { $0.drop { $0.isWhitespace }.hasPrefix(key + ":") })
    return String(line.split(separator: ":", maxSplits: 1)[1].drop { $0 == " " })
  }

  private func number(_ session: ControlSession, _ oid: OID) throws -> UInt64 {
    let reply = try session.query(oid)
    #expect(reply.status == .success, "\(oid.description?.name ?? "")")
    return reply.octets.dropFirst(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Frames both ways, lost ones too: to the address, to a group and to everybody.
  private func traffic(_ lab: Lab, _ session: ControlSession) throws {
    let body = "888e" + String(repeating: "00", count: 46)
    let frames = [Frame.own, "0180c2000003", "ffffffffffff"].map { $0 + Frame.far + body }
    for _ in 0..<3 { try lab.peer.send(frames) }
    for target in [Frame.far, "0180c2000003", "ffffffffffff", "ffffffffffff"] {
      #expect(try session.write(target + Frame.own + body).status == .success)
    }
  }

  @Test("A-66: STATISTICS is 152 bytes and says what ip says, as do all counters of the interface")
  func statistics() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try traffic(lab, session)
      try eventually("9 frames") { try ipCounters(lab).rx["packets"] == 9 }
      let said = try ipCounters(lab)
      let reply = try session.query(.statistics)
      #expect(reply.information == 8 + 152)
      #expect(reply.payload.dropFirst(16).hasPrefix("80019800"))
      let fields = stride(from: 16, to: 160, by: 8).map { start in
        reply.octets[start..<(start + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      }
      #expect(fields[2] == said.rx["bytes"] && fields[2] > 0)
      #expect(fields[6] == said.tx["bytes"] && fields[6] > 0)
      #expect(fields[0] == 0 && fields[1] == 0 && fields[10] == said.tx["errors"])
      for (oid, value) in [
        (OID.rcvOK, said.rx["packets"]), (.xmitOK, said.tx["packets"]),
        (.bytesRcv, said.rx["bytes"]), (.bytesXmit, said.tx["bytes"]),
        (.rcvError, said.rx["errors"]), (.xmitError, said.tx["errors"]),
        (.rcvDiscards, said.rx["dropped"]), (.xmitDiscards, said.tx["dropped"]),
        (.rcvNoBuffer, said.rx["dropped"]), (.rcvCRCError, said.rx["crc_errors"]),
        (.rcvErrorAlignment, said.rx["frame_errors"]), (.rcvOverrun, said.rx["fifo_errors"]),
        (.xmitMoreCollisions, said.tx["collisions"]),
        (.xmitMaxCollisions, said.tx["aborted_errors"]),
        (.xmitTimesCRSLost, said.tx["carrier_errors"]),
        (.xmitUnderrun, said.tx["fifo_errors"]), (.xmitLateCollisions, said.tx["window_errors"]),
        (.xmitHeartbeatFailure, said.tx["heartbeat_errors"]),
      ] {
        #expect(try number(session, oid) == value, "\(oid.description?.name ?? "")")
      }
    }
  }

  @Test("A-66: what a full queue of the interface drops is in XMIT_DISCARDS")
  func discards() throws {
    try Lab.run(Lab.Options(ownsWire: false)) { lab in
      try lab.tc("qdisc add dev np0 root tbf rate 8kbit burst 1600 limit 3000")
      let session = try lab.client.open()
      let frame = Frame.far + Frame.own + "888e" + String(repeating: "00", count: 1_000)
      _ = try session.writeBatch(Array(repeating: frame, count: 20))
      // The queue's drops are the interface's only as far as the driver counts them: ask ip.
      try eventually("the same on both sides") {
        try number(session, .xmitDiscards) == ipCounters(lab).tx["dropped"]
      }
      try lab.tc("qdisc del dev np0 root")
    }
  }

  @Test(
    "A-67: LINK_STATE of a veth is 40 bytes: connected, full, 10 Gbit/s both ways, as ethtool says")
  func linkState() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      #expect(try ethtool(lab, ["np0"], "Speed") == "10000Mb/s")
      #expect(try ethtool(lab, ["np0"], "Duplex") == "Full")
      let speed = "00e40b5402000000"
      let reply = try session.query(.linkState)
      #expect(reply.information == 8 + 40)
      #expect(reply.payload.dropFirst(16).hasPrefix("80012800" + "01000000" + "02000000"))
      #expect(reply.payload.dropFirst(16 + 32).prefix(32) == speed + speed)
      #expect(try session.query(.linkSpeedEx).payload.hasSuffix(speed + speed))
      #expect(try session.query(.maxLinkSpeed).payload.hasSuffix(speed + speed))
      #expect(try session.query(.xmitLinkSpeed).payload.hasSuffix(speed))
      #expect(try session.query(.rcvLinkSpeed).payload.hasSuffix(speed))
      #expect(try number(session, .linkSpeed) == 100_000_000)
      #expect(try number(session, .mediaDuplexState) == 2)
      try lab.farIP("link set np1 down")
      try eventually("disconnected") {
        try session.query(.linkState).payload.dropFirst(16 + 8).hasPrefix("02000000")
      }
      #expect(try session.query(.mediaConnectStatus).payload.hasSuffix("01000000"))
    }
  }

  @Test("A-65: RCV_OK has 8 bytes; who has room for 4 gets the lower half, and hears of the rest")
  func counterRoom() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      let whole = try session.query(.rcvOK, room: 16)
      #expect(whole.status == .success && whole.information == 16 && whole.bytesNeeded == 0)
      let half = try session.query(.rcvOK, room: 12)
      #expect(half.status == .success && half.information == 12 && half.bytesNeeded == 16)
      #expect(try session.query(.rcvOK, room: 11).status == .bufferTooSmall)
    }
  }

  @Test(
    "11.3: frames by whom they are for are the binding's own count, also when nobody has it open")
  func ownCounters() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try traffic(lab, session)
      let idle = try lab.client.open(types: [])
      try eventually("three of each") { try number(session, .broadcastFramesRcv) == 3 }
      func check(_ session: ControlSession) throws {
        for (oid, count) in [
          (OID.directedFramesRcv, UInt64(3)), (.multicastFramesRcv, 3), (.broadcastFramesRcv, 3),
          (.directedBytesRcv, 180), (.multicastBytesRcv, 180), (.broadcastBytesRcv, 180),
          (.directedFramesXmit, 1), (.multicastFramesXmit, 1), (.broadcastFramesXmit, 2),
          (.directedBytesXmit, 60), (.multicastBytesXmit, 60), (.broadcastBytesXmit, 120),
          (.transmitQueueLength, 0), (.receiveBufferSpace, 16 << 20),
        ] {
          #expect(try number(session, oid) == count, "\(oid.description?.name ?? "")")
        }
      }
      try check(session)
      try check(idle)
      #expect(try session.closeDevice().status == .success)
      try eventually("no thread") { try !lab.daemon.resources.threads.contains("bind-np0") }
      try check(idle)
    }
  }

  @Test("11.3: driver and medium are the card's, and the daemon counts binds and handles")
  func identity() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let driver = try ethtool(lab, ["-i", "np0"], "driver")
      #expect(driver == "veth")
      #expect(try session.query(.vendorDescription).payload.hasSuffix("7665746800"))
      #expect(try number(session, .physicalMedium) == 0)
      #expect(try number(session, .physicalMediumEx) == 0)
      #expect(try number(session, .vendorDriverVersion) == 1)
      #expect(try number(session, .resetCounts) == 0)
      #expect((1...5_000).contains(try number(session, .initTimeMS)))
      try lab.ip("link set np0 mtu 4000")
      try eventually("a new handle") { try number(session, .resetCounts) == 1 }
    }
  }

  @Test("ndisprotctl prints structures, speeds and texts by their type, and as JSON")
  func commandLine() throws {
    try Lab.run { lab in
      func query(_ oid: String) throws -> String { try lab.ctl("query", "np0", oid).output }
      #expect(try query("vendor-description") == "veth\n")
      #expect(try query("link-speed-ex") == "10 Gbit/s 10 Gbit/s\n")
      #expect(
        try query("link-state") == """
          connectState connected
          duplexState full
          xmitLinkSpeed 10 Gbit/s
          rcvLinkSpeed 10 Gbit/s
          pauseFunctions unknown
          autoNegotiationFlags 0

          """)
      #expect(try query("rcv-ok") == "0 frames\n")
      #expect(try query("statistics").split(separator: "\n").count == 19)
      let json = try lab.ctl("--json", "query", "np0", "link-state").output
      #expect(
        json.contains(
          #""value":{"connectState":"connected","duplexState":"full","xmitLinkSpeed":10000000000,"#)
      )
      let statistics = try lab.ctl("--json", "query", "np0", "statistics").output
      #expect(statistics.contains(#""value":{"supportedStatistics":34360,"inDiscards":0,"#))
      let speed = try lab.ctl("--json", "query", "np0", "xmit-link-speed").output
      #expect(speed.contains(#""value":10000000000,"#))
      let listed = try lab.ctl("oids", "np0")
      #expect(listed.lines.count == 83 && listed.exitCode == 0)
    }
  }
}
