/// Which destinations an open receives; the adapter's receive filter, implemented in software.
///
/// - Windows: OID_GEN_CURRENT_PACKET_FILTER, NDIS_PACKET_TYPE_…
/// - Source: `Ndisprot.docc/Rules.md` R-33, E-10
public struct PacketFilter: OptionSet, Hashable, Sendable {
  /// The bits, as a client sets them.
  public let rawValue: UInt32

  /// Wraps any bits; `supported` says which of them are defined here.
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Frames to the interface's own address.
  @inlinable public static var directed: PacketFilter { PacketFilter(rawValue: 0x01) }
  /// Frames to a group of the multicast list.
  @inlinable public static var multicast: PacketFilter { PacketFilter(rawValue: 0x02) }
  /// Frames to any group.
  @inlinable public static var allMulticast: PacketFilter { PacketFilter(rawValue: 0x04) }
  /// Broadcast frames.
  @inlinable public static var broadcast: PacketFilter { PacketFilter(rawValue: 0x08) }
  /// Every frame on the wire.
  @inlinable public static var promiscuous: PacketFilter { PacketFilter(rawValue: 0x20) }

  /// The filter of OPEN_DEVICE: NPROTO_PACKET_FILTER of the sample, 0x0B.
  public static let atOpen: PacketFilter = [.directed, .multicast, .broadcast]
  /// The bits a client may set; any other is NDIS_STATUS_NOT_SUPPORTED.
  public static let supported: PacketFilter = [
    .directed, .multicast, .allMulticast, .broadcast, .promiscuous,
  ]
}
