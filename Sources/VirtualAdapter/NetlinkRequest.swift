internal import CLinux
internal import NDIS
internal import NdisprotClient

/// A request of rtnetlink, built attribute by attribute.
///
/// - Shape: `[length u32][type u16][flags u16][sequence u32][port u32][body][attribute …]`, an
///   attribute `[length u16][type u16][value]`, all in native byte order and aligned to 4
/// - Source: netlink(7), rtnetlink(7)
struct NetlinkRequest {
  private(set) var bytes: [UInt8]

  /// RTM_NEWLINK for an interface: changes it, or creates one with `isNew`.
  init(linkIndex: UInt32, flags: UInt32 = 0, change: UInt32 = 0, isNew: Bool = false) {
    let creation = isNew ? UInt16(NLM_F_CREATE | NLM_F_EXCL) : 0
    bytes = Self.header(UInt16(RTM_NEWLINK), flags: creation)
    // struct ifinfomsg: family, padding, type, index, flags, change.
    bytes += [0, 0, 0, 0]
    append(linkIndex)
    append(flags)
    append(change)
  }

  /// RTM_NEWQDISC: the root queue of an interface.
  init(queueOf linkIndex: UInt32, kind: String) {
    bytes = Self.header(UInt16(RTM_NEWQDISC), flags: UInt16(NLM_F_CREATE | NLM_F_REPLACE))
    // struct tcmsg: family, padding, index, handle, parent (TC_H_ROOT), info.
    bytes += [0, 0, 0, 0]
    append(linkIndex)
    append(0)
    append(UInt32.max)
    append(0)
    append(UInt16(1), text: kind)  // TCA_KIND
  }

  private static func header(_ type: UInt16, flags: UInt16) -> [UInt8] {
    var bytes: [UInt8] = [0, 0, 0, 0]
    bytes.appendNative(type)
    bytes.appendNative(UInt16(NLM_F_REQUEST | NLM_F_ACK) | flags)
    bytes += [UInt8](repeating: 0, count: 8)
    return bytes
  }

  private mutating func append(_ value: UInt32) { bytes.appendNative(value) }

  /// Appends an attribute.
  mutating func append(_ type: UInt16, _ value: [UInt8]) {
    bytes.appendNative(UInt16(truncatingIfNeeded: 4 + value.count))
    bytes.appendNative(type)
    bytes += value
    bytes += [UInt8](repeating: 0, count: -value.count & 3)
  }

  /// Appends an attribute of 32 bits.
  mutating func append(_ type: UInt16, number: UInt32) {
    var value: [UInt8] = []
    value.appendNative(number)
    append(type, value)
  }

  /// Appends a text attribute, with a zero at its end.
  mutating func append(_ type: UInt16, text: String) { append(type, Array(text.utf8) + [0]) }

  /// Appends an address.
  mutating func append(_ type: UInt16, _ address: MACAddress) {
    append(type, address.octets.indices.map { address.octets[$0] })
  }

  /// Appends nested attributes, after the bytes of `front`.
  mutating func append(
    _ type: UInt16, front: [UInt8] = [], nested build: (inout NetlinkRequest) -> Void
  ) {
    let start = bytes.count
    append(type, front)
    build(&self)
    var length: [UInt8] = []
    length.appendNative(UInt16(truncatingIfNeeded: bytes.count - start))
    bytes.replaceSubrange(start..<start + 2, with: length)
  }

  /// The whole request, with its length in front.
  var sealed: [UInt8] {
    var length: [UInt8] = []
    length.appendNative(UInt32(truncatingIfNeeded: bytes.count))
    return length + bytes.dropFirst(4)
  }
}

extension [UInt8] {
  /// Appends an integer in native byte order.
  mutating func appendNative(_ value: some FixedWidthInteger) {
    #if _endian(little)
      for shift in stride(from: 0, to: value.bitWidth, by: 8) {
        append(UInt8(truncatingIfNeeded: value >> shift))
      }
    #else
      for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
        append(UInt8(truncatingIfNeeded: value >> shift))
      }
    #endif
  }

  /// An integer of 16 or 32 bits in native byte order; nil if the bytes end too early.
  func native<Value: FixedWidthInteger & UnsignedInteger>(
    _ type: Value.Type, at offset: Int
  ) -> Value? {
    let width = Value.bitWidth / 8
    guard offset >= 0, offset <= count - width else { return nil }
    var value: Value = 0
    for index in 0..<width {
      #if _endian(little)
        let shift = 8 * index
      #else
        let shift = 8 * (width - 1 - index)
      #endif
      value |= Value(self[offset + index]) << shift
    }
    return value
  }
}
