internal import CLinux
internal import Glibc

/// The offloads that merge received frames of an interface before any program sees them.
///
/// - Source: ethtool(8), SIOCETHTOOL with ETHTOOL_GGRO and ETHTOOL_GFLAGS, which need no privilege
enum ReceiveOffload {
  /// ETH_FLAG_LRO.
  private static let lroFlag: UInt32 = 1 << 15

  /// The active features: `gro`, `lro`; empty for an interface that is not in this network
  /// namespace.
  static func merging(_ name: String, interfaceIndex: UInt32) -> [String] {
    guard unsafe if_nametoindex(name) == interfaceIndex else { return [] }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var features: [String] = []
    if value(of: UInt32(ETHTOOL_GGRO), name, descriptor) ?? 0 != 0 { features.append("gro") }
    let flags = value(of: UInt32(ETHTOOL_GFLAGS), name, descriptor) ?? 0
    if flags & lroFlag != 0 { features.append("lro") }
    return features
  }

  /// - Shape: `struct ethtool_value`, `[command u32][data u32]`, after `struct ifreq`, `[name
  ///   16][pointer]`
  private static func value(of command: UInt32, _ name: String, _ descriptor: Int32) -> UInt32? {
    let bytes = Array(name.utf8)
    guard bytes.count < Int(IF_NAMESIZE) else { return nil }
    var words: [UInt32] = [command, 0]
    return unsafe words.withUnsafeMutableBytes { words -> UInt32? in
      let address = UInt(bitPattern: words.baseAddress)
      var request = bytes + [UInt8](repeating: 0, count: 40 - bytes.count)
      for place in 0..<MemoryLayout<UInt>.size {
        request[16 + place] = UInt8(truncatingIfNeeded: address >> UInt(8 * place))
      }
      guard unsafe ioctl(descriptor, UInt(SIOCETHTOOL), &request) == 0 else { return nil }
      return unsafe words.load(fromByteOffset: 4, as: UInt32.self)
    }
  }
}
