internal import EventLoop
internal import Glibc
internal import NdisprotServer

/// What the daemon says to people: cause and remedy, made in this one place.
enum Sentences {
  static let noCapability =
    "no right to raw sockets: CAP_NET_RAW is missing. Start ndisprotd as root or as its service"

  static func unknownAccount(_ error: AccountError) -> String {
    "there is no \(error.kind) '\(error.name)'. "
      + "Write a \(error.kind) that getent \(error.kind == "user" ? "passwd" : "group") shows"
  }

  static func cannotListen(_ error: ListenError) -> String {
    switch error {
    case .pathTooLong(let path):
      "the socket path '\(path)' is empty or longer than 107 bytes. Give --socket a shorter one"
    case .inUse(let path):
      "another daemon answers on \(path). Stop it, or give this one another --socket"
    case .notASocket(let path):
      "\(path) is there and is not a socket. Remove it, or give another --socket"
    case .system(let path, let cause):
      "the socket \(path) cannot be made: \(cause.call): \(words(cause.errno)). "
        + "Give --socket a path in a directory that this user may write to"
    }
  }

  static func words(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}
