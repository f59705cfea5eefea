/// How frames are taken from the kernel.
public enum CaptureProfile: String, Sendable, CaseIterable {
  /// Every frame at once; under load, short naps between dispatches.
  case latency
  /// Frames in blocks: up to a millisecond of delay for a tenth of the processor time.
  case throughput
}

/// What the kernel's rings of a binding hold.
public struct CaptureRing: Hashable, Sendable {
  /// Frames of the MTU.
  public var frameCount: Int
  /// Memory that they take.
  public var byteCount: Int

  /// Makes a size.
  public init(frameCount: Int = 0, byteCount: Int = 0) {
    self.frameCount = frameCount
    self.byteCount = byteCount
  }

  /// Adds another ring.
  public static func += (left: inout CaptureRing, right: CaptureRing) {
    left.frameCount += right.frameCount
    left.byteCount += right.byteCount
  }
}

/// How a capture handle is made.
public struct CaptureConfiguration: Hashable, Sendable {
  /// How frames are taken from the kernel.
  public var profile: CaptureProfile
  /// Bytes of the kernel's ring.
  public var ringByteCount: Int
  /// What the kernel lets through: the union of all opens.
  public var etherTypes: EtherTypeSet
  /// Whether frames that this host sends are wanted too.
  public var includesOutgoing: Bool
  /// The longest payload that has to come whole.
  public var mtu: UInt32
  /// The interface's present name; a handle that was made under another is made anew.
  public var interfaceName: InterfaceName

  /// Makes a configuration.
  public init(
    profile: CaptureProfile = .latency, ringByteCount: Int = 16 << 20,
    etherTypes: EtherTypeSet = .empty, includesOutgoing: Bool = false, mtu: UInt32 = 1500,
    interfaceName: InterfaceName = ""
  ) {
    self.profile = profile
    self.ringByteCount = ringByteCount
    self.etherTypes = etherTypes
    self.includesOutgoing = includesOutgoing
    self.mtu = mtu
    self.interfaceName = interfaceName
  }
}
