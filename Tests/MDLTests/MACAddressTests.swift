import MDL
import Testing

@Suite("MACAddress")
struct MACAddressTests {
  @Test(
    "an address is written and read as six pairs of hexadecimal digits",
    arguments: [
      ("00:00:00:00:00:00", MACAddress.zero), ("ff:ff:ff:ff:ff:ff", .broadcast),
      ("01:80:c2:00:00:0e", MACAddress([0x01, 0x80, 0xC2, 0, 0, 0x0E])),
    ])
  func text(text: String, address: MACAddress) {
    #expect(address.description == text)
    #expect(MACAddress(text) == address)
    #expect(MACAddress(text.uppercased()) == address)
    #expect(MACAddress(text.replacing(":", with: "-")) == address)
  }

  @Test(
    "text that is no address is refused",
    arguments: [
      "", "0", "00:00:00:00:00", "00:00:00:00:00:00:00", "00:00:00:00:00:0", "00:00:00:00:00-00",
      "0g:00:00:00:00:00", "00.00.00.00.00.00", "000:0:00:00:00:00", "０0:00:00:00:00:00",
      " 0:00:00:00:00:00", "+1:00:00:00:00:00",
    ])
  func noAddress(text: String) {
    #expect(MACAddress(text) == nil)
  }

  @Test("an address is made from exactly six bytes", arguments: [0, 5, 6, 7])
  func bytes(count: Int) {
    let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7]
    let address = MACAddress(bytes.span.bytes.extracting(first: count))
    #expect(address == (count == 6 ? MACAddress([1, 2, 3, 4, 5, 6]) : nil))
  }

  @Test("the group bit tells multicast, all ones broadcast")
  func group() {
    #expect(!MACAddress.zero.isMulticast)
    #expect(MACAddress.broadcast.isMulticast)
    #expect(MACAddress.broadcast.isBroadcast)
    #expect(MACAddress([1, 0, 0, 0, 0, 0]).isMulticast)
    #expect(!MACAddress([1, 0, 0, 0, 0, 0]).isBroadcast)
    #expect(!MACAddress([2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).isMulticast)
  }

  @Test(
    "addresses that differ in one octet are unequal, and equal ones hash alike", arguments: 0..<6)
  func equality(index: Int) {
    let address = MACAddress([1, 2, 3, 4, 5, 6])
    var other = address
    #expect(Set([address, other]).count == 1)
    other.octets[index] ^= 0x80
    #expect(address != other)
    #expect(Set([address, other]).count == 2)
  }
}
