internal import NdisprotClient

/// The meaning of the number of an OID.
struct OIDMeaning {
  /// The unit of a count: `bytes`, `frames`; empty for a number that is not a count.
  let unit: String
  /// Whether Linux counts it; otherwise the number is always 0.
  let isCounted: Bool
  /// Words for the values of an enumeration.
  private let words: [UInt64: String]

  /// The meaning of an OID's number.
  init(_ oid: OID) {
    unit = Self.unit(of: oid)
    isCounted = !Self.uncounted.contains(oid)
    words = Self.words[oid] ?? [:]
  }

  /// A number for people: `1500 bytes`, `0 (connected)`, `not counted`.
  func text(_ number: UInt64, of oid: OID) -> String {
    guard isCounted else { return "not counted: Linux does not say" }
    switch oid {
    case .driverVersion: return "\(number >> 8).\(number & 0xFF)"
    case .vendorDriverVersion: return "\(number >> 16).\(number & 0xFFFF)"
    case .linkSpeed where number == 0: return "unknown"
    case .linkSpeed: return Self.speedText(number &* 100)
    case .macOptions, .ethernetMacOptions: return "0x" + String(number, radix: 16)
    default: break
    }
    if let word = words[number] { return "\(number) (\(word))" }
    guard !unit.isEmpty else { return "\(number)" }
    return "\(number) \(number == 1 && unit != "ms" ? String(unit.dropLast()) : unit)"
  }

  /// A speed with the prefix that gives the shortest number: `2.5 Gbit/s`.
  static func speedText(_ bitsPerSecond: UInt64) -> String {
    let prefixes: [(UInt64, String)] = [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")]
    guard let (factor, prefix) = prefixes.first(where: { bitsPerSecond >= $0.0 }) else {
      return "\(bitsPerSecond) bit/s"
    }
    let tenths = bitsPerSecond / (factor / 10)
    let fraction = tenths % 10 == 0 ? "" : ".\(tenths % 10)"
    return "\(tenths / 10)\(fraction) \(prefix)bit/s"
  }

  /// Linux has no counter for these.
  private static let uncounted: Set<OID> = [.xmitOneCollision, .xmitDeferred]

  private static func unit(of oid: OID) -> String {
    switch oid {
    case .maximumLookahead, .maximumFrameSize, .transmitBufferSpace, .receiveBufferSpace,
      .transmitBlockSize, .receiveBlockSize, .currentLookahead, .maximumTotalSize,
      .directedBytesXmit, .multicastBytesXmit, .broadcastBytesXmit, .directedBytesRcv,
      .multicastBytesRcv, .broadcastBytesRcv, .bytesRcv, .bytesXmit:
      "bytes"
    case .maximumSendPackets, .xmitOK, .rcvOK, .xmitError, .rcvError, .rcvNoBuffer,
      .directedFramesXmit, .multicastFramesXmit, .broadcastFramesXmit, .directedFramesRcv,
      .multicastFramesRcv, .broadcastFramesRcv, .rcvCRCError, .transmitQueueLength, .rcvDiscards,
      .xmitDiscards, .rcvErrorAlignment, .xmitOneCollision, .xmitMoreCollisions, .xmitDeferred,
      .xmitMaxCollisions, .rcvOverrun, .xmitUnderrun, .xmitHeartbeatFailure, .xmitTimesCRSLost,
      .xmitLateCollisions:
      "frames"
    case .initTimeMS: "ms"
    case .resetCounts, .mediaSenseCounts: "times"
    case .maximumListSize: "groups"
    case .linkSpeed: "100 bit/s"
    case .linkSpeedEx, .xmitLinkSpeed, .rcvLinkSpeed, .maxLinkSpeed: "bit/s"
    default: ""
    }
  }

  private static let words: [OID: [UInt64: String]] = [
    .hardwareStatus: [0: "ready", 4: "not ready"],
    .mediaSupported: [0: "Ethernet"], .mediaInUse: [0: "Ethernet"],
    .mediaConnectStatus: [0: "connected", 1: "disconnected"],
    .mediaConnectStatusEx: [0: "unknown", 1: "connected", 2: "disconnected"],
    .mediaDuplexState: [0: "unknown", 1: "half", 2: "full"],
    .physicalMedium: [0: "unspecified", 9: "Wi-Fi", 14: "Ethernet"],
    .physicalMediumEx: [0: "unspecified", 9: "Wi-Fi", 14: "Ethernet"],
    .promiscuousMode: [0: "off", 1: "on"],
    .operationalStatus: [
      1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "not present",
      7: "lower layer down",
    ],
    .adminStatus: [1: "up", 2: "down", 3: "testing"],
    .vlanID: [0: "no VLAN"],
  ]
}
