import NDIS
import Testing

@Suite("OID")
struct OIDTests {
  @Test(
    "an OID is found by its name, its short name and its number",
    arguments: [
      "OID_802_3_CURRENT_ADDRESS", "oid_802_3_current_address", "current-address",
      "CURRENT_ADDRESS", "0x01010102", "0X01010102", "16843010",
    ])
  func named(_ text: String) {
    #expect(OID(named: text) == .currentAddress)
  }

  @Test(
    "what is neither a name nor a number is no OID",
    arguments: ["", "OID_", "NO_SUCH", "0x", "0x1_0", "4294967296", "-1"])
  func unknown(_ text: String) {
    #expect(OID(named: text) == nil)
  }

  @Test("an unknown number is an OID without a description")
  func unknownNumber() throws {
    let oid = try #require(OID(named: "0x12345678"))
    #expect(oid.description == nil)
  }

  @Test(
    "the numbers are those of ntddndis.h",
    arguments: [
      (OID.supportedList, 0x0001_0101), (.maximumFrameSize, 0x0001_0106),
      (.currentPacketFilter, 0x0001_010E), (.currentAddress, 0x0101_0102),
      (.multicastList, 0x0101_0103),
    ] as [(OID, UInt32)])
  func numbers(oid: OID, number: UInt32) {
    #expect(oid.rawValue == number)
  }

  @Test("the supported OIDs are ascending, and each can be queried or set")
  func supported() {
    let numbers = OID.supported.map(\.oid.rawValue)
    #expect(numbers == Set(numbers).sorted())
    #expect(OID.supported.allSatisfy { $0.canQuery || $0.canSet })
  }

  @Test(
    "the sample's request codes are those of protuser.h",
    arguments: [
      (RequestCode.openDevice, 1_230_848), (.queryOIDValue, 1_230_852),
      (.queryBinding, 1_230_860), (.bindWait, 1_230_864), (.setOIDValue, 1_230_868),
      (.indicateStatus, 1_230_872),
    ] as [(RequestCode, UInt32)])
  func requestCodes(code: RequestCode, number: UInt32) {
    #expect(code.rawValue == number)
  }
}
