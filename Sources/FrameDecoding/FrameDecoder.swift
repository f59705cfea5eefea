internal import MDL
internal import NDIS

/// Decodes a protocol: adds fields to a frame, from the bytes after the header.
///
/// - Throws: what is wrong; the fields before the error stay
typealias Decoder = @Sendable (inout Cursor, inout DecodedFrame) throws(Malformed) -> Void

/// Decodes frames.
///
/// The contents of a frame are not trusted: an impossible length makes the frame malformed.
///
/// - Thread: any
public enum FrameDecoder {
  /// Each protocol has a file, and a line here.
  static let etherTypes: [UInt16: (name: String, decode: Decoder)] = [
    0x0800: ("ipv4", decodeIPv4), 0x86DD: ("ipv6", decodeIPv6), 0x0806: ("arp", decodeARP),
    0x88CC: ("lldp", decodeLLDP), 0x888E: ("eapol", decodeEAPOL), 0x88F7: ("ptp", decodePTP),
    0x8892: ("profinet", decodeProfinet), 0x88A4: ("ethercat", decodeEtherCAT),
    0x8809: ("slow", decodeSlow), 0x8808: ("mac-control", decodeMACControl),
  ]

  /// Decodes a frame.
  ///
  /// - Parameters:
  ///   - frame: from the destination on
  ///   - originalLength: its length on the wire
  /// - Returns: the decoded frame
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
      // What follows the length is padding.
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
