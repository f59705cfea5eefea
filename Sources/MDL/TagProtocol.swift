/// The EtherTypes that start a VLAN tag, and what each of them means here.
///
/// ```
///            looked behind   taken off by the kernel   a tag to the access policy
///   0x8100        yes                  yes                        yes
///   0x88A8         –                   yes                        yes
///   0x9100         –                    –                         yes
///   0x9200         –                    –                         yes
/// ```
/// What is behind a tag that is not looked behind decides nothing: the frame is of the tag's type.
///
/// - Source: IEEE 802.1Q (0x8100, 0x88A8), and what was used before it; R-20, W-6;
///   `skb_vlan_untag` of the kernel for the second column
public enum TagProtocol {
  /// 802.1Q: the only one that is looked behind.
  @inlinable public static var customer: UInt16 { 0x8100 }
  /// 802.1ad.
  @inlinable public static var service: UInt16 { 0x88A8 }

  /// Whether the type and the VLAN behind this tag decide whose frame it is.
  @inlinable public static func isLookedBehind(_ type: UInt16) -> Bool { type == customer }

  /// Whether the kernel takes this tag off a received frame and keeps it beside: libpcap puts it
  /// back, and a kernel filter finds it only where it is kept.
  @inlinable public static func isTakenOff(_ type: UInt16) -> Bool {
    type == customer || type == service
  }

  /// Whether this starts a tag at all: what is behind cannot be granted by number.
  @inlinable public static func isTag(_ type: UInt16) -> Bool {
    isTakenOff(type) || type == 0x9100 || type == 0x9200
  }
}
