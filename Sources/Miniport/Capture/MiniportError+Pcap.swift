internal import CLibpcap
internal import Glibc
public import NDIS

extension MiniportError {
  /// The meaning of a libpcap code here; the words are libpcap's own, if it has any.
  ///
  /// - Source: pcap_activate(3PCAP), pcap_statustostr(3PCAP)
  init(code: Int32, handle: OpaquePointer) {
    switch code {
    case PCAP_ERROR_NO_SUCH_DEVICE: self = .noSuchDevice
    case PCAP_ERROR_IFACE_NOT_UP: self = .notUp
    case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED: self = .permissionDenied
    default:
      let detail = unsafe pcap_geterr(handle).map { unsafe String(cString: $0) } ?? ""
      self = .capture(code: code, words: detail.isEmpty ? Self.words(code) : detail)
    }
  }

  /// Reads errno: nothing may run between the failed call and this.
  init(failed call: StaticString) {
    self = .system(errno: errno, call: call.description)
  }

  /// libpcap's general text for one of its codes.
  static func words(_ code: Int32) -> String {
    unsafe pcap_statustostr(code).map { unsafe String(cString: $0) } ?? ""
  }

  /// For `.notEthernet`, the name of the actual link type in libpcap's words.
  public var linkTypeName: String? {
    guard case .notEthernet(let linkType) = self else { return nil }
    return unsafe pcap_datalink_val_to_name(linkType).map { unsafe String(cString: $0) }
  }
}
