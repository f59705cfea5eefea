internal import Glibc
internal import NDIS
internal import NdisprotServer
internal import Platform

/// The daemon's messages to people, cause and remedy, all in this one place.
enum ErrorMessages {
  static let noCapability =
    "no right to raw sockets: CAP_NET_RAW is missing. Start ndisprotd as root or as its service"

  static func cannotListen(_ error: ListenError) -> String {
    switch error {
    case .pathTooLong(let path):
      "the socket path '\(path)' is empty or longer than 107 bytes. Give --socket a shorter one"
    case .inUse(let path):
      "another daemon answers on \(path). Stop it, or give this one another --socket"
    case .notASocket(let path):
      "\(path) is there and is not a socket. Remove it, or give another --socket"
    case .system(let path, let cause):
      "the socket \(path) cannot be made: \(cause.text). "
        + "Give --socket a path in a directory that this user may write to"
    case .unnamed(let count):
      "the service manager passed \(count) sockets and none is named "
        + "\(InheritedSockets.clientName). Write FileDescriptorName="
        + "\(InheritedSockets.clientName) in the socket unit"
    case .notListening(let descriptor):
      "the inherited descriptor \(descriptor) is not a listening Unix socket of type seqpacket. "
        + "Write ListenSequentialPacket= in the socket unit"
    }
  }

  static func broken(_ failure: String) -> String {
    "the configuration cannot be used, nothing is bound until it is mended and reloaded: "
      + failure.replacing("\n", with: "; ")
  }

  static func cannotStart(_ cause: SystemError) -> String {
    let isForDescriptors = cause.errno == EMFILE || cause.errno == ENFILE
    let remedy = "Give the service a higher LimitNOFILE, or the shell a higher ulimit -n"
    return "the daemon cannot start: \(cause.text)"
      + (isForDescriptors ? ". \(remedy)" : "")
  }

  static func cannotDrop(_ cause: SystemError) -> String {
    "the rights of root cannot be given up: \(cause.text). "
      + "Start ndisprotd as its service"
  }

  static func cannotLock(_ cause: SystemError) -> String {
    "memory is not locked: \(cause.text). "
      + "Give the service LimitMEMLOCK=infinity"
  }

  static func stuck(_ names: [String]) -> String {
    "no answer from thread \(names.joined(separator: ", ")): it hangs or is stopped. "
      + "The watchdog of the service restarts the daemon"
  }

  /// The service manager's status line: what is bound, what is missing, and a refused reload.
  static func status(
    bound: [InterfaceName], missing: [InterfaceName], refusal: String = ""
  ) -> String {
    let list = { (names: [InterfaceName]) in names.map(\.description).joined(separator: ", ") }
    var parts: [String] = []
    if !bound.isEmpty { parts.append("bound " + list(bound)) }
    if !missing.isEmpty { parts.append("waiting for " + list(missing)) }
    if parts.isEmpty { parts.append("bound nothing") }
    if !refusal.isEmpty { parts.append("not reloaded: " + refusal) }
    return parts.joined(separator: "; ")
  }
}
