import MDL
import NDIS

@testable import Ndisprot

/// Frames as the tests build them: the sequence number is the payload.
enum Frames {
  static let own = MACAddress([0x02, 0, 0, 0, 0, 0x01])
  static let peer = MACAddress([0x02, 0, 0, 0, 0, 0x02])
  static let group = MACAddress([0x01, 0x80, 0xC2, 0, 0, 0x03])

  /// `[dst][src][tag?][type][number u32 LE][zero …]`, `byteCount` in all.
  static func make(
    to destination: MACAddress = own, from source: MACAddress = peer, type: UInt16 = 0x888E,
    tag: UInt16? = nil, number: UInt32 = 0, byteCount: Int = 60
  ) -> [UInt8] {
    var frame: [UInt8] = []
    for index in 0..<6 { frame.append(destination.octets[index]) }
    for index in 0..<6 { frame.append(source.octets[index]) }
    if let tag { frame += [0x81, 0x00, UInt8(tag >> 8), UInt8(tag & 0xFF)] }
    frame += [UInt8(type >> 8), UInt8(type & 0xFF)]
    for shift in [0, 8, 16, 24] { frame.append(UInt8(truncatingIfNeeded: number >> UInt32(shift))) }
    if frame.count < byteCount {
      frame += [UInt8](repeating: 0, count: byteCount - frame.count)
    }
    return Array(frame.prefix(byteCount))
  }

  static func filter(
    types: [UInt16] = [0x888E], packetFilter: PacketFilter = .atOpen,
    includesOutgoing: Bool = false, access: AccessGrant = .everything, owner: UInt64 = 1
  ) -> ReceiveFilter {
    var filter = ReceiveFilter(
      etherTypes: EtherTypeSet(types), packetFilter: packetFilter,
      includesOutgoing: includesOutgoing, access: access, owner: owner)
    filter.setOwnAddress(own)
    return filter
  }
}

extension ReceiveRing {
  /// Appends bytes as a captured frame, or as a looped one.
  mutating func append(
    _ frame: [UInt8], flags: FrameRecord.Flags = [], loopedFor owner: UInt64? = nil
  ) -> Bool {
    let span = frame.span
    return append(
      span.bytes, originalByteCount: frame.count, timestamp: 7,
      flags: owner == nil ? flags : flags.union(.looped), loopedFor: owner)
  }
}

/// A batch as the client would see its bytes.
func bytes(of slices: RingSlices, in ring: borrowing ReceiveRing) -> [UInt8] {
  ring.withChain(slices) { chain in
    var all = [UInt8](repeating: 0, count: chain.byteCount)
    var span = all.mutableSpan
    var out = span.mutableBytes
    try? chain.span.copyBytes(to: &out)
    return all
  }
}

/// The frames in a run of records.
func frames(in records: [UInt8]) -> [[UInt8]] {
  var result: [[UInt8]] = []
  var at = 0
  while at + FrameRecord.headerByteCount <= records.count {
    let length = records[at..<(at + 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
    let start = at + FrameRecord.headerByteCount
    result.append(Array(records[start..<(start + length)]))
    at += FrameRecord.byteCount(ofFrame: length)
  }
  return result
}
