internal import MDL
internal import NDIS

/// A protocol that is looked into: adds fields to a frame, from the bytes behind the header.
///
/// - Throws: what is wrong; the fields before it stay
typealias Decoder = @Sendable (inout Cursor, inout DecodedFrame) throws(Malformed) -> Void

/// Takes frames apart.
///
/// Nothing that stands in a frame is trusted: a length that cannot be makes the frame malformed.
///
/// - Thread: any
public enum FrameDecoder {
  /// A file for each protocol, and a line here.
  static let etherTypes: [UInt16: (name: String, decode: Decoder)] = [
    0x0800: ("ipv4", decodeIPv4), 0x86DD: ("ipv6", decodeIPv6), 0x0806: ("arp", decodeARP),
    0x88CC: ("lldp", decodeLLDP), 0x888E: ("eapol", decodeEAPOL), 0x88F7: ("ptp", decodePTP),
    0x8892: ("profinet", decodeProfinet), 0x88A4: ("ethercat", decodeEtherCAT),
    0x8809: ("slow", decodeSlow), 0x8808: ("mac-control", decodeMACControl),
  ]

  /// Takes a frame apart.
  ///
  /// - Parameters:
  ///   - frame: from the destination on
  ///   - originalLength: the bytes it had on the wire
  /// - Returns: what is known of it
  public static func decode(_ frame: RawSpan, originalLength: UInt32) -> DecodedFrame {
    var cursor = Cursor(
      unsafe frame.withUnsafeBytes { unsafe Array($0) })
    var decoded = DecodedFrame()
    do throws(Malformed) {
      try decodeHeader(&cursor, &decoded)
    } catch {
      if UInt64(frame.byteCount) < UInt64(originalLength) {
        decoded.isCut = true
      } else {
        decoded.fault = error.words
      }
    }
    return decoded
  }

  private static func decodeHeader(
    _ cursor: inout Cursor, _ frame: inout DecodedFrame
  ) throws(Malformed) {
    frame.destination = try cursor.address()
    frame.source = try cursor.address()
    var type = try cursor.short()
    while type == 0x8100 || type == 0x88A8 {
      frame.tags.append(DecodedFrame.Tag(tagProtocol: type, control: try cursor.short()))
      type = try cursor.short()
    }
    frame.etherType = type
    guard type >= 0x0600 else {
      frame.protocolName = "llc"
      // What is behind the length is padding.
      var content = try cursor.take(Int(type), "LLC")
      return try decodeLLC(&content, &frame)
    }
    guard let row = etherTypes[type] else {
      frame.protocolName = EtherTypeName.name(of: type) ?? hexText(type)
      return frame.add("payload", cursor.count)
    }
    frame.protocolName = row.name
    try row.decode(&cursor, &frame)
  }

  /// `0x88b5`.
  public static func hexText(_ type: UInt16) -> String {
    let digits = String(type, radix: 16)
    return "0x" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
  }
}
