internal import NDIS
internal import Platform

extension MiniportError {
  /// Why the kernel refused, as worded in the log.
  var text: String {
    switch self {
    case .noSuchDevice: "the interface is gone"
    case .notUp: "the interface is down"
    case .permissionDenied: "CAP_NET_RAW is missing"
    case .notEthernet: "it is not Ethernet"
    case .unopenableName(let name):
      "libpcap takes the name \(name) for a capture source of its own. Rename the interface, or "
        + "give it an alternative name of at most 15 bytes: ip link property add dev \(name) "
        + "altname NAME"
    case .capture(_, let words): words
    case .system(let number, let call): SystemError(errno: number, call: call).text
    }
  }
}
