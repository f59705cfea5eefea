internal import NDIS

/// How a handle is opened.
struct PcapOptions {
  var interfaceIndex: Int32
  /// The interface's last known name; the handle is opened under its current one.
  var interfaceName: InterfaceName
  var mtu: UInt32
  var profile: CaptureProfile
  var ringByteCount: Int
  var direction: CaptureDirection
  var etherTypes: EtherTypeSet

  /// libpcap's MAXIMUM_SNAPLEN: it takes a greater length for a mistake.
  static let longestSnapshot: Int32 = 262_144

  /// The number of bytes kept of a frame: without blocks each frame takes a slot of this size, so it
  /// is the longest frame with two tags; blocks pack frames, and it may be larger there.
  var snapshotByteCount: Int32 {
    guard profile.isImmediate else { return Self.longestSnapshot }
    return Int32(clamping: min(UInt64(mtu) + 22, UInt64(Self.longestSnapshot)))
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

  /// Whether a handle opened with these options is good for `wanted`, too.
  ///
  /// libpcap finds its interface again by the name that it was given, and assumes that it is gone
  /// if it comes up under another.
  func serves(_ wanted: PcapOptions) -> Bool {
    mtu >= wanted.mtu && interfaceName == wanted.interfaceName && profile == wanted.profile
      && ringByteCount == wanted.ringByteCount
  }

  /// The layout of its ring.
  var layout: CaptureRingLayout {
    let longest = Int(min(UInt64(mtu) + 22, UInt64(Self.longestSnapshot)))
    return CaptureRingLayout(
      profile, snapshotByteCount: longest, grantedByteCount: ringByteCount)
  }
}
