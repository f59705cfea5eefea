import NDIS
import Testing

@Suite("Numbers that people write")
struct NumeralTests {
  @Test(
    "a sign, a blank or nothing makes a text no number, where names and numbers share a place",
    arguments: ["+0", "+1000", "-0", "-1", "", " 1", "1 ", "0x+5", "0x-5", "+0x5", "0x", "1_0"])
  func noNumber(text: String) {
    #expect(UInt32(digits: text) == nil && UInt32(numeral: text) == nil)
  }

  @Test(
    "a number is decimal, or hexadecimal with 0x",
    arguments: [("0", 0), ("010", 10), ("0x88B5", 0x88B5), ("0Xff", 255), ("4294967295", .max)]
      as [(String, UInt32)])
  func number(text: String, expected: UInt32) {
    #expect(UInt32(numeral: text) == expected)
  }

  @Test("a number of too many digits is none")
  func overflow() {
    #expect(UInt16(numeral: "65536") == nil && UInt32(digits: "4294967296") == nil)
  }

  @Test(
    "an EtherType is a name in either case, or a number from 0x0600",
    arguments: [
      ("any", 0xFFFF), ("Any", 0xFFFF), ("LLDP", 0x88CC), ("0x88B5", 0x88B5), ("34997", 0x88B5),
      ("+34997", nil), ("0x+88b5", nil), ("0x05ff", nil), ("0xffff", nil), ("lldp ", nil),
    ] as [(String, UInt16?)])
  func etherType(word: String, expected: UInt16?) {
    #expect(EtherTypeName.value(of: word) == expected)
  }
}
