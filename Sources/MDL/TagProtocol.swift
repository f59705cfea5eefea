/// The EtherTypes that start a VLAN tag, and their treatment here.
///
/// ```
///               parsed    removed by the kernel     a tag to the access policy
///   0x8100        yes                  yes                        yes
///   0x88A8         –                   yes                        yes
///   0x9100         –                    –                         yes
///   0x9200         –                    –                         yes
/// ```
/// What follows a tag that is not parsed decides nothing: the frame has the type of the tag.
///
/// - Source: IEEE 802.1Q (0x8100, 0x88A8), and their predecessors; R-20, W-6; `skb_vlan_untag` of
///   the kernel for the second column
public enum TagProtocol {
  /// 802.1Q: the only one that is parsed.
  @inlinable public static var customer: UInt16 { 0x8100 }
  /// 802.1ad.
  @inlinable public static var service: UInt16 { 0x88A8 }

  /// Whether the type and the VLAN after this tag decide which rule or open applies.
  @inlinable public static func isLookedBehind(_ type: UInt16) -> Bool { type == customer }

  /// Whether the kernel removes this tag from a received frame and stores it separately: libpcap
  /// puts it back, and a kernel filter finds it only where it is stored.
  @inlinable public static func isTakenOff(_ type: UInt16) -> Bool {
    type == customer || type == service
  }

  /// Whether this starts a tag at all: what follows a tag cannot be granted by number.
  @inlinable public static func isTag(_ type: UInt16) -> Bool {
    isTakenOff(type) || type == 0x9100 || type == 0x9200
  }
}
