internal import CLinux
internal import MDL
internal import NDIS

/// Decodes what a netlink socket received; invalid input never stops the program.
///
/// - Shape: native byte order
///   ```
///    message, to 4:     0 u32 byteCount, header included   4 u16 type   6 u16 flags
///                       8 u32 sequence                    12 u32 port  16 payload
///    payload of a link: 0 u8 family   1 pad   2 u16 hardware type   4 s32 index
///                       8 u32 flags  12 u32 change mask            16 attributes
///    attribute, to 4:   0 u16 byteCount, header included   2 u16 type   4 value
///   ```
/// - Source: `<linux/netlink.h>`, `<linux/rtnetlink.h>`, `<linux/if_link.h>`
enum NetlinkDecoder {
  private static let headerByteCount = 16
  private static let linkByteCount = 16
  private static let attributeByteCount = 4

  /// Calls `body` for each message of a datagram.
  ///
  /// - Returns: whether the datagram consisted of whole messages only
  static func forEachMessage(in datagram: RawSpan, _ body: (NetlinkMessage) -> Void) -> Bool {
    var rest = datagram
    while let byteCount = rest.u32(at: 0).map(Int.init(clamping:)) {
      guard byteCount >= headerByteCount, byteCount <= rest.byteCount else { return false }
      body(message(rest.extracting(first: byteCount)))
      rest = rest.extracting(droppingFirst: min(aligned(byteCount), rest.byteCount))
    }
    return rest.isEmpty
  }

  /// One message, header included.
  private static func message(_ bytes: RawSpan) -> NetlinkMessage {
    let flags = bytes.u16(at: 6) ?? 0
    return NetlinkMessage(
      content: content(
        type: Int32(bytes.u16(at: 4) ?? 0), bytes.extracting(droppingFirst: headerByteCount)),
      sequence: bytes.u32(at: 8) ?? 0,
      isInterrupted: Int32(flags) & NLM_F_DUMP_INTR != 0)
  }

  private static func content(type: Int32, _ payload: RawSpan) -> NetlinkMessage.Content {
    switch type {
    case NLMSG_DONE:
      // The kernel may give up in the middle of a dump, and reports that at its end.
      guard let number = payload.i32(at: 0), (-Int32.max..<0).contains(number) else { return .done }
      return .error(errno: -number)
    case NLMSG_ERROR:
      guard let number = payload.i32(at: 0), number > .min else { return .other }
      return .error(errno: -number)
    case Int32(RTM_NEWLINK): return link(payload) ?? .other
    case Int32(RTM_DELLINK):
      // A bridge reports ports that leave it in the same messages, with a family of its own.
      guard payload.u8(at: 0) == 0, let index = payload.i32(at: 4),
        payload.byteCount >= linkByteCount
      else { return .other }
      return .linkGone(interfaceIndex: index)
    case Int32(RTM_NEWSTATS): return statistics(payload) ?? .other
    default: return .other
    }
  }

  private static func link(_ payload: RawSpan) -> NetlinkMessage.Content? {
    guard payload.u8(at: 0) == 0, let hardwareType = payload.u16(at: 2),
      let index = payload.i32(at: 4), let flags = payload.u32(at: 8),
      payload.byteCount >= linkByteCount
    else { return nil }
    let found = LinkAttributes(payload.extracting(droppingFirst: linkByteCount))
    guard let name = found.name else { return nil }
    var attributes = AdapterAttributes(
      interfaceIndex: index, name: name,
      description: found.details.alias ?? found.details.kind ?? name.description,
      hardwareType: hardwareType, isLoopback: flags & IFF_LOOPBACK.rawValue != 0,
      address: found.address, mtu: found.mtu, isUp: flags & IFF_UP.rawValue != 0,
      link: found.link)
    attributes.alternativeNames = found.alternativeNames
    attributes.details = found.details
    return .link(attributes)
  }

  /// Calls `body` with type and value of each attribute, until one does not fit.
  static func forEachAttribute(in bytes: RawSpan, _ body: (Int, RawSpan) -> Void) {
    var rest = bytes
    while let byteCount = rest.u16(at: 0).map(Int.init), let type = rest.u16(at: 2) {
      guard byteCount >= attributeByteCount, byteCount <= rest.byteCount else { return }
      // The two upper bits describe the encoding of the value, not its type.
      body(
        Int(type & 0x3FFF),
        rest.extracting(first: byteCount).extracting(droppingFirst: attributeByteCount))
      rest = rest.extracting(droppingFirst: min(aligned(byteCount), rest.byteCount))
    }
  }

  private static func aligned(_ byteCount: Int) -> Int { (byteCount &+ 3) & ~3 }
}

/// The relevant attributes of a link.
private struct LinkAttributes {
  var name: InterfaceName?
  var alternativeNames: [InterfaceName] = []
  var address = MACAddress.zero
  var mtu: UInt32 = 0
  var link = MediaConnectState.unknown
  var details = LinkDetails()

  init(_ bytes: RawSpan) {
    NetlinkDecoder.forEachAttribute(in: bytes) { type, value in
      switch type {
      case Int(IFLA_IFNAME): name = value.interfaceName
      case Int(IFLA_IFALIAS): details.alias = value.text.isEmpty ? nil : value.text
      case Int(IFLA_ADDRESS): address = MACAddress(value) ?? .zero
      case Int(IFLA_MTU): mtu = value.u32(at: 0) ?? 0
      case Int(IFLA_CARRIER):
        switch value.u8(at: 0) {
        case 0: link = .disconnected
        case 1: link = .connected
        default: link = .unknown
        }
      case Int(IFLA_PERM_ADDRESS): details.permanentAddress = MACAddress(value)
      case Int(IFLA_OPERSTATE): details.operationalState = value.u8(at: 0) ?? 0
      case Int(IFLA_TXQLEN): details.transmitQueueLength = value.u32(at: 0) ?? 0
      case Int(IFLA_PROMISCUITY): details.promiscuity = value.u32(at: 0) ?? 0
      case Int(IFLA_MASTER): details.masterIndex = value.i32(at: 0) ?? 0
      case Int(IFLA_LINKINFO): takeKind(value)
      case Int(IFLA_PROP_LIST): takeNames(value)
      default: break
      }
    }
  }

  /// IFLA_PROP_LIST: the kernel does not check alternative names; those that fit no request are
  /// omitted.
  private mutating func takeNames(_ bytes: RawSpan) {
    NetlinkDecoder.forEachAttribute(in: bytes) { type, value in
      guard type == Int(IFLA_ALT_IFNAME), let name = value.interfaceName else { return }
      alternativeNames.append(name)
    }
  }

  /// IFLA_LINKINFO: the kind of the link, followed by attributes of that kind.
  private mutating func takeKind(_ bytes: RawSpan) {
    NetlinkDecoder.forEachAttribute(in: bytes) { type, value in
      if type == Int(IFLA_INFO_KIND) { details.kind = value.text.isEmpty ? nil : value.text }
      guard type == Int(IFLA_INFO_DATA), details.kind == "vlan" else { return }
      NetlinkDecoder.forEachAttribute(in: value) { type, value in
        if type == Int(IFLA_VLAN_ID) { details.vlanID = value.u16(at: 0) ?? 0 }
      }
    }
  }
}
