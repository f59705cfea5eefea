import NDIS
import Testing

@Suite("OIDs", .serialized, .timeLimit(.minutes(2)), .tags(.integration), .needsNamespaces)
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

  @Test("A-69: every OID of SUPPORTED_LIST answers a query, ascending")
  func supportedList() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [])
      let octets = try session.query(.supportedList).octets.dropFirst(8)
      let numbers = stride(from: octets.startIndex, to: octets.endIndex, by: 4).map { start in
        octets[start..<(start + 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      }
      #expect(numbers == numbers.sorted())
      #expect(numbers.contains(OID.currentAddress.rawValue) && numbers.count >= 5)
      for number in numbers {
        #expect(try session.query(OID(rawValue: number)).status == .success, "OID \(number)")
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
