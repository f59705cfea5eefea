internal import NDIS

/// How a handle is made.
struct PcapOptions {
  var interfaceIndex: Int32
  /// The name under which it was last known; the handle is opened by the one it has.
  var interfaceName: InterfaceName
  var mtu: UInt32
  var profile: CaptureProfile
  var ringByteCount: Int
  var direction: CaptureDirection
  var etherTypes: EtherTypeSet

  /// libpcap's MAXIMUM_SNAPLEN: what is longer it takes for a mistake.
  static let longestSnapshot: Int32 = 262_144

  /// Bytes of a frame that are kept: in the latency profile each takes a slot of this, so it is
  /// the longest frame with two tags; blocks pack frames, and there it may be what it likes.
  var snapshotByteCount: Int32 {
    switch profile {
    case .latency: Int32(clamping: min(UInt64(mtu) + 22, UInt64(Self.longestSnapshot)))
    case .throughput: Self.longestSnapshot
    }
  }

  init(
    interfaceIndex: Int32, _ configuration: CaptureConfiguration, direction: CaptureDirection
  ) {
    self.interfaceIndex = interfaceIndex
    interfaceName = configuration.interfaceName
    mtu = configuration.mtu
    profile = configuration.profile
    ringByteCount = configuration.ringByteCount
    self.direction = direction
    etherTypes = configuration.etherTypes
  }

  /// Whether a handle that was made with these serves who asks for `wanted`, too.
  ///
  /// libpcap finds its interface again by the name that it was given, and takes it for gone when it
  /// comes up under another.
  func serves(_ wanted: PcapOptions) -> Bool {
    mtu >= wanted.mtu && interfaceName == wanted.interfaceName && profile == wanted.profile
      && ringByteCount == wanted.ringByteCount
  }

  /// What its ring is like.
  var layout: CaptureRingLayout {
    let longest = Int(min(UInt64(mtu) + 22, UInt64(Self.longestSnapshot)))
    return CaptureRingLayout(
      profile, snapshotByteCount: longest, grantedByteCount: ringByteCount)
  }
}
