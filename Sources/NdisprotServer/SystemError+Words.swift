internal import EventLoop
internal import Glibc
internal import NDIS

// Causes as the log says them.

extension SystemError {
  /// The call, and why it failed: `eventfd: Too many open files`.
  var words: String {
    let cause = unsafe String(cString: strerror(errno))
    return "\(call): \(cause)"
  }
}

extension MiniportError {
  /// Why the kernel refused.
  var words: String {
    switch self {
    case .noSuchDevice: "the interface is gone"
    case .notUp: "the interface is down"
    case .permissionDenied: "CAP_NET_RAW is missing"
    case .notEthernet: "it is not Ethernet"
    case .capture(_, let words): words
    case .system(let number, let call): SystemError(errno: number, call: call).words
    }
  }
}
