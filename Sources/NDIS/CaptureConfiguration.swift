/// How frames are taken from the kernel.
public enum CaptureProfile: String, Sendable, CaseIterable {
  /// Each frame is delivered at once; under load, with short naps between dispatches.
  case latency
  /// Frames in blocks: up to a millisecond of delay for a tenth of the processor time.
  case throughput
  /// Every frame at once, also under load, by a thread that polls for a while behind each.
  case realtime

  /// Whether the kernel hands each frame over at once, and not in blocks.
  public var isImmediate: Bool { self != .throughput }
}

/// The capacity of a binding's rings in the kernel.
public struct CaptureRing: Hashable, Sendable {
  /// Frames of the MTU.
  public var frameCount: Int
  /// The memory they occupy.
  public var byteCount: Int

  /// Creates a size.
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

/// How to open a capture handle.
public struct CaptureConfiguration: Hashable, Sendable {
  /// How frames are taken from the kernel.
  public var profile: CaptureProfile
  /// Bytes of the kernel's ring.
  public var ringByteCount: Int
  /// The EtherTypes that the kernel's filter passes: the union of all opens.
  public var etherTypes: EtherTypeSet
  /// Whether frames that this host sends are wanted too.
  public var includesOutgoing: Bool
  /// The longest payload that must not be cut.
  public var mtu: UInt32
  /// The interface's current name; a handle opened under another name is reopened.
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
