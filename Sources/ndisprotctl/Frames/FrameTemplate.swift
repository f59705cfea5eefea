internal import NdisprotClient

/// A frame that is written repeatedly (rule T-12).
///
/// - Shape: `[destination 6][source 6][etherType 2 BE]`, then byte i is i mod 256
enum FrameTemplate {
  /// The bytes of a frame of `byteCount`; a frame shorter than its header is cut.
  static func bytes(
    destination: MACAddress, source: MACAddress, etherType: UInt16, byteCount: Int
  ) -> [UInt8] {
    let payload = (0..<max(0, byteCount - 14)).map { UInt8(truncatingIfNeeded: $0) }
    let whole = bytes(
      destination: destination, source: source, etherType: etherType, payload: payload)
    return Array(whole.prefix(byteCount))
  }

  /// The bytes of a frame that carries `payload`; type 0 means LLC, whose type field is a length.
  static func bytes(
    destination: MACAddress, source: MACAddress, etherType: UInt16, payload: [UInt8]
  ) -> [UInt8] {
    let field =
      etherType == EtherTypeSet.llcValue ? UInt16(clamping: payload.count) : etherType
    var frame: [UInt8] = []
    frame.reserveCapacity(14 + payload.count)
    for address in [destination, source] {
      for index in address.octets.indices { frame.append(address.octets[index]) }
    }
    frame += [UInt8(field >> 8), UInt8(truncatingIfNeeded: field)]
    return frame + payload
  }
}
