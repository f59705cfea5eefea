internal import CLinux
internal import NDIS

/// The answer to ETHTOOL_GLINKSETTINGS.
///
/// - Shape: `struct ethtool_link_settings`, native byte order
///   ```
///    0 u32 command   4 u32 Mbit/s   8 u8 duplex   11 u8 auto-negotiation   15 s8 words of a mask
///   48 masks: supported, advertised, the other end's
///   ```
/// - Source: `<linux/ethtool.h>`
enum EthtoolSettings {
  /// The length of the fields before the masks.
  static let headerByteCount = 48
  /// The most words of a mask: the number is an s8.
  static let maximumWordCount = 127
  /// The number of words of a mask; the kernel returns it as a negative number if the request's
  /// differs.
  static func wordCount(_ bytes: RawSpan) -> Int { Int(Int8(bitPattern: bytes.u8(at: 15) ?? 0)) }

  /// Speeds and modes; SPEED_UNKNOWN and missing fields stay unknown.
  static func link(_ bytes: RawSpan) -> LinkSettings {
    var settings = LinkSettings()
    if let speed = bytes.u32(at: 4), speed != 0, speed <= UInt32(Int32.max) {
      settings.bitsPerSecond = UInt64(speed) * 1_000_000
    }
    switch bytes.u8(at: 8) {
    case UInt8(DUPLEX_HALF): settings.duplex = .half
    case UInt8(DUPLEX_FULL): settings.duplex = .full
    default: settings.duplex = .unknown
    }
    if bytes.u8(at: 11) == UInt8(AUTONEG_ENABLE) { settings.autoNegotiation = .mode }
    settings.maximumBitsPerSecond = settings.bitsPerSecond
    let maskByteCount = max(0, wordCount(bytes)) * 4
    guard bytes.byteCount >= headerByteCount + maskByteCount else { return settings }
    let supported = bytes.extracting(headerByteCount..<(headerByteCount + maskByteCount))
    if let maximum = LinkModes.maximumSpeed(supported) {
      settings.maximumBitsPerSecond = maximum * 1_000_000
    }
    return settings
  }

  /// The answer to ETHTOOL_GPAUSEPARAM.
  ///
  /// - Shape: `struct ethtool_pauseparam`: u32 command, auto-negotiated, obeyed, sent
  static func pause(_ bytes: RawSpan) -> (functions: PauseFunctions, isNegotiated: Bool) {
    let (isObeyed, isSent) = (bytes.u32(at: 8) ?? 0 != 0, bytes.u32(at: 12) ?? 0 != 0)
    let functions: PauseFunctions =
      switch (isSent, isObeyed) {
      case (false, false): .unsupported
      case (true, false): .sendOnly
      case (false, true): .receiveOnly
      case (true, true): .sendAndReceive
      }
    return (functions, bytes.u32(at: 4) ?? 0 != 0)
  }
}
