import NDIS
import Testing

@Suite("OIDs", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces)
struct OIDTests {
  @Test(
    "A-64: CURRENT_ADDRESS needs room for 8 + 6 bytes, and says so",
    arguments: [
      (room: 12, status: CompletionStatus.bufferTooSmall), (room: 14, status: .success),
      (room: 18, status: .success),
    ])
  func currentAddress(room: Int, status: CompletionStatus) throws {
    try Lab.run { lab in
      let reply = try lab.client.open().query(.currentAddress, room: room)
      #expect(reply.status == status)
      if status == .success {
        #expect(reply.payload == "02010101" + "00000000" + Frame.own && reply.information == 14)
      } else {
        #expect(reply.payload.isEmpty && reply.bytesNeeded == 14)
      }
    }
  }

  @Test(
    "A-68: what cannot be set or is not known is refused, each in its own way",
    arguments: [
      (oid: OID.currentAddress, value: Frame.own, status: CompletionStatus.oidNotSettable),
      (oid: OID(rawValue: 0x0D01_0108), value: "00000000", status: .notSupported),
      (oid: .currentPacketFilter, value: "0b0000", status: .invalidLength),
      (oid: .currentPacketFilter, value: "00000080", status: .notSupported),
      (oid: .multicastList, value: "0180c20000", status: .invalidLength),
      (oid: .multicastList, value: Frame.foreign, status: .multicastFull),
    ])
  func refusedSets(oid: OID, value: String, status: CompletionStatus) throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      #expect(try session.set(oid, value).status == status)
    }
  }

  @Test("A-68: another port than 0 is refused")
  func otherPort() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      let set = try session.set(.currentPacketFilter, "0b000000", port: "01000000")
      #expect(set.status == .invalidPort)
      let query = ControlSession.oidHeader(.currentAddress, port: "01000000")
      #expect(try session.control(.queryOIDValue, query, room: 64).status == .invalidPort)
    }
  }

  @Test("A-69: SUPPORTED_LIST names every OID that is known, ascending, and each answers")
  func supportedList() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      let octets = try session.query(.supportedList).octets.dropFirst(8)
      let numbers = stride(from: octets.startIndex, to: octets.endIndex, by: 4).map { start in
        octets[start..<(start + 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      }
      #expect(numbers == OID.supported.map(\.oid.rawValue))
      #expect(numbers == OIDTests.specified)
      for row in OID.supported {
        let query = try session.query(row.oid).status
        #expect(query == (row.canQuery ? .success : .notSupported), "\(row.name)")
        // No OID takes five bytes, and those that take none say so first.
        let set = try session.set(row.oid, "0000000000").status
        #expect(set == (row.canSet ? .invalidLength : .oidNotSettable), "\(row.name)")
      }
    }
  }

  /// Section 11.3 of the specification, in its own numbers.
  private static let specified: [UInt32] = [
    0x0001_0101, 0x0001_0102, 0x0001_0103, 0x0001_0104, 0x0001_0105, 0x0001_0106, 0x0001_0107,
    0x0001_0108, 0x0001_0109, 0x0001_010A, 0x0001_010B, 0x0001_010C, 0x0001_010D, 0x0001_010E,
    0x0001_010F, 0x0001_0110, 0x0001_0111, 0x0001_0112, 0x0001_0113, 0x0001_0114, 0x0001_0115,
    0x0001_0116, 0x0001_0202, 0x0001_0206, 0x0001_0207, 0x0001_0209, 0x0001_0213, 0x0001_021C,
    0x0001_0280, 0x0001_0283, 0x0001_0284, 0x0001_0285, 0x0001_0288, 0x0001_0289, 0x0001_028A,
    0x0001_028B, 0x0001_028C, 0x0002_0101, 0x0002_0102, 0x0002_0103, 0x0002_0104, 0x0002_0105,
    0x0002_0106, 0x0002_0201, 0x0002_0202, 0x0002_0203, 0x0002_0204, 0x0002_0205, 0x0002_0206,
    0x0002_0207, 0x0002_0208, 0x0002_0209, 0x0002_020A, 0x0002_020B, 0x0002_020C, 0x0002_020D,
    0x0002_020E, 0x0002_0213, 0x0002_0214, 0x0002_0215, 0x0002_0216, 0x0002_0219, 0x0002_021A,
    0x0002_021B, 0x0002_021C, 0x0101_0101, 0x0101_0102, 0x0101_0103, 0x0101_0104, 0x0101_0105,
    0x0101_0208, 0x0101_0209, 0x0102_0101, 0x0102_0102, 0x0102_0103, 0x0102_0201, 0x0102_0202,
    0x0102_0203, 0x0102_0204, 0x0102_0205, 0x0102_0206, 0x0102_0207,
  ]

  @Test(
    "E-3: a value that does not fit is refused with the room it needs",
    arguments: OID.supported.filter(\.canQuery).map(\.oid))
  func tooLittleRoom(oid: OID) throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      let whole = try session.query(oid)
      let valueByteCount = whole.octets.count - 8
      guard valueByteCount > 4 else { return }
      let reply = try session.query(oid, room: whole.octets.count - 1)
      // A counter is cut in half instead.
      guard oid.description?.format != .counter else { return }
      #expect(reply.status == .bufferTooSmall && reply.bytesNeeded == whole.octets.count)
      #expect(reply.payload.isEmpty)
    }
  }

  @Test("11.3: what OIDs say of a veth is what ip says of it")
  func values() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      func value(_ oid: OID) throws -> String {
        let reply = try session.query(oid)
        #expect(reply.status == .success)
        return String(reply.payload.dropFirst(16))
      }
      #expect(try value(.hardwareStatus) == "00000000")
      #expect(try value(.maximumTotalSize) == "ea050000")
      #expect(try value(.vendorID) == "ffffff00")
      #expect(try value(.driverVersion) == "1e06")
      #expect(try value(.macOptions) == "4d000000")
      #expect(try value(.operationalStatus) == "01000000")
      #expect(try value(.adminStatus) == "01000000")
      #expect(try value(.permanentAddress) == Frame.own)
      #expect(try value(.alias) == "6e00700030000000")
      #expect(try value(.promiscuousMode) == "00")
      #expect(try value(.interruptModeration) == "80010c00" + "00000000" + "01000000")
      try lab.ip("link set np0 promisc on txqueuelen 7 alias Lager")
      try eventually("promiscuous") { try value(.promiscuousMode) == "01" }
      #expect(try value(.alias) == "4c0061006700650072000000")
      #expect(try value(.transmitBufferSpace) == littleEndian(7 * 1_514))
    }
  }

  @Test("A-67: without a carrier both kinds of connect state say so, each in its numbering")
  func carrier() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      #expect(try session.query(.mediaConnectStatus).payload.hasSuffix("00000000"))
      #expect(try session.query(.mediaConnectStatusEx).payload.hasSuffix("01000000"))
      try lab.farIP("link set np1 down")
      try eventually("no carrier") {
        try session.query(.mediaConnectStatusEx).payload.hasSuffix("02000000")
      }
      #expect(try session.query(.mediaConnectStatus).payload.hasSuffix("01000000"))
      let words = lab.nearWords(["ip", "-o", "link", "show", "np0"])
      let said = try ChildProcess.run(words, errorPath: lab.filePath("ip")).output
      // Which of the two the kernel says depends on the interface indices of the cable's ends.
      let expected = said.contains(" state LOWERLAYERDOWN ") ? "07000000" : "02000000"
      #expect(said.contains(" state LOWERLAYERDOWN ") || said.contains(" state DOWN "))
      #expect(try session.query(.operationalStatus).payload.hasSuffix(expected))
      #expect(try session.query(.mediaSenseCounts).payload.hasSuffix("01000000"))
    }
  }

  @Test("A-70: a group goes when its last use is given back, and the 33rd does not fit")
  func groups() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      let group = "0180c2000003"
      #expect(try session.set(.addMulticastAddress, group).status == .success)
      #expect(try session.set(.addMulticastAddress, group).status == .success)
      #expect(try session.set(.deleteMulticastAddress, group).status == .success)
      #expect(try session.query(.multicastList).payload.hasSuffix(group))
      #expect(try session.set(.deleteMulticastAddress, group).status == .success)
      #expect(try session.query(.multicastList).information == 8)
      #expect(try session.set(.deleteMulticastAddress, group).status == .multicastNotFound)
      for index in 0..<32 {
        let group = "0180c20100" + (index < 16 ? "0" : "") + String(index, radix: 16)
        #expect(try session.set(.addMulticastAddress, group).status == .success)
      }
      #expect(try session.set(.addMulticastAddress, group).status == .multicastFull)
      #expect(try session.query(.multicastList).information == 8 + 32 * 6)
    }
  }

  @Test(
    "A-48: NO_LOOPBACK of the protocol options keeps own frames away, and they are back without it")
  func noLoopback() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let frame = Frame.own + Frame.own + "888e" + String(repeating: "00", count: 46)
      #expect(try session.set(.protocolOptions, "02000000").status == .success)
      let read = try session.startRead()
      #expect(try session.write(frame).status == .success)
      #expect(try session.isPending(read))
      #expect(try session.set(.protocolOptions, "00000000").status == .success)
      #expect(try session.write(frame).status == .success)
      #expect(try session.reply(to: read).frames == [frame])
      #expect(try session.set(.protocolOptions, "01000000").status == .notSupported)
    }
  }

  @Test("11.3: the lookahead is kept if it is none above the MTU")
  func lookahead() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      #expect(try session.query(.currentLookahead).payload.hasSuffix("dc050000"))
      #expect(try session.set(.currentLookahead, "80000000").status == .success)
      #expect(try session.query(.currentLookahead).payload.hasSuffix("80000000"))
      for refused in ["00000000", "dd050000"] {
        #expect(try session.set(.currentLookahead, refused).status == .invalidParameter)
      }
    }
  }

  @Test("MAXIMUM_FRAME_SIZE follows the MTU")
  func maximumFrameSize() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      #expect(try session.query(.maximumFrameSize).payload.hasSuffix("dc050000"))
      try lab.ip("link set np0 mtu 9000")
      try eventually("MTU 9000") {
        try session.query(.maximumFrameSize).payload.hasSuffix("28230000")
      }
    }
  }
}
