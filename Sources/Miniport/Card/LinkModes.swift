/// Link modes, by their numbers in a NIC's mask, and their speeds.
///
/// - Source: `enum ethtool_link_mode_bit_indices`, `<linux/ethtool.h>`
enum LinkModes {
  /// The fastest of the modes in a mask, in Mbit/s; nil if none has a speed.
  static func maximumSpeed(_ mask: RawSpan) -> UInt64? {
    speeds.first { _, modes in modes.contains { isSet($0, in: mask) } }?.megabitsPerSecond
  }

  private static func isSet(_ mode: Int, in mask: RawSpan) -> Bool {
    guard let word = mask.u32(at: mode / 32 * 4) else { return false }
    return word >> UInt32(mode % 32) & 1 == 1
  }

  /// Fastest first; missing numbers are ports, pause frames and error correction.
  static let speeds: [(megabitsPerSecond: UInt64, modes: [Int])] = [
    (1_600_000, Array(121...124)),
    (800_000, Array(93...98) + Array(115...120)),
    (400_000, Array(69...73) + Array(85...89) + Array(109...114)),
    (200_000, Array(62...66) + Array(80...84) + Array(103...108)),
    (100_000, Array(36...39) + Array(57...61) + Array(75...79)),
    (56_000, Array(27...30)),
    (50_000, [34, 35, 40] + Array(52...56)),
    (40_000, Array(23...26)),
    (25_000, Array(31...33)),
    (20_000, [21, 22]),
    (10_000, [12, 18, 19, 20] + Array(42...46)),
    (5_000, [48]),
    (2_500, [15, 47]),
    (1_000, [4, 5, 17, 41, 68]),
    (100, [2, 3, 67, 90, 91]),
    (10, [0, 1, 92] + Array(99...102)),
  ]
}
