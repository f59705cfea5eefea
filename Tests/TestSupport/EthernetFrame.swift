/// Frames for tests, built byte by byte.
public enum EthernetFrame {
  /// The destination of all of them: nobody's address.
  public static let destination: [UInt8] = [0x02, 0, 0, 0, 0, 0x0D]
  /// The source of all of them.
  public static let source: [UInt8] = [0x02, 0, 0, 0, 0, 0x05]

  /// A frame of so many bytes in all, with a number in the first payload bytes if there is room.
  ///
  /// - Shape: `[dst 6][src 6][tag: 8100 tci]?[type 2][number 4 BE][0, 1, 2, …]`
  public static func make(
    type: UInt16 = 0x88B5, byteCount: Int = 60, number: UInt32 = 0, tag: [UInt8] = []
  ) -> [UInt8] {
    var frame = destination + source + tag + [UInt8(type >> 8), UInt8(type & 0xFF)]
    let payload = (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    frame += payload.prefix(max(0, byteCount - frame.count))
    while frame.count < byteCount { frame.append(UInt8(truncatingIfNeeded: frame.count)) }
    return Array(frame.prefix(byteCount))
  }

  /// The number that `make` put into an untagged frame; nil if it is too short.
  public static func number(_ frame: [UInt8]) -> UInt32? {
    guard frame.count >= 18 else { return nil }
    return frame[14..<18].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
