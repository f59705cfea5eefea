/// Ethernet frames as the tests write them.
enum Frame {
  /// The address of `np0`, the daemon's interface.
  static let own = "020000000001"
  /// The address of `np1`, the far end.
  static let far = "020000000002"
  static let broadcast = "ffffffffffff"
  /// The group of 802.1X.
  static let group = "0180c2000003"
  /// Somebody else's.
  static let foreign = "0200000000ee"

  /// A frame as hex: `[to][from][tag?][type][number, 4 bytes][zero …]`, `byteCount` in all.
  static func make(
    to destination: String = own, from source: String = far, tag: String = "",
    type: String = "888e", number: Int = 0, byteCount: Int = 60
  ) -> String {
    let digits = String(number, radix: 16)
    let counted = String(repeating: "0", count: 8 - digits.count) + digits
    let header = destination + source + tag + type + counted
    let missing = max(0, 2 * byteCount - header.count)
    return String((header + String(repeating: "0", count: missing)).prefix(2 * byteCount))
  }

  /// A frame from the daemon's interface to the far end.
  static func outward(
    type: String = "888e", tag: String = "", number: Int = 0, byteCount: Int = 60
  ) -> String {
    make(to: far, from: own, tag: tag, type: type, number: number, byteCount: byteCount)
  }

  /// `count` frames, numbered from 1.
  static func numbered(_ count: Int) -> [String] { (1...count).map { make(number: $0) } }
}
