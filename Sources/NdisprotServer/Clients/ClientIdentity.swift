internal import Glibc
internal import Ndisprot
internal import Platform

/// The identity in the accounts: the user of a session by name, and its program.
///
/// - Thread: any; a value
struct ClientIdentity: Sendable {
  let credentials: Credentials
  /// The name of the user in /etc/passwd; nil if it has none there.
  let user: String?
  /// The name of the process when it connected, from /proc; empty if it is hidden or gone.
  ///
  /// A process chooses its own name: it is for display, and no rule depends on it.
  let command: String

  init(_ credentials: Credentials, _ names: UserNames) {
    self.credentials = credentials
    user = names.name(of: credentials.userID)
    command = ClientIdentity.command(of: credentials.processID)
  }

  /// `netuser`, or `uid 1001` for a user without a name.
  var name: String { user ?? "uid \(credentials.userID)" }

  /// `netuser (1001, wpa_supplicant 203)`.
  var title: String {
    let number = user == nil ? "" : "\(credentials.userID), "
    let program = command.isEmpty ? "process" : command
    return "\(name) (\(number)\(program) \(credentials.processID))"
  }

  private static func command(of processID: Int32) -> String {
    guard processID > 0 else { return "" }
    let descriptor = unsafe open("/proc/\(processID)/comm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    // TASK_COMM_LEN is 16; kernel threads, which do not connect, have more.
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = unsafe read(descriptor, &bytes, bytes.count)
    return String(
      decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }.map { byte in
        // No part of it can be mistaken for another part of the sentence.
        isPlain(byte) ? byte : UInt8(ascii: "_")
      }, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
      UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "@"):
      true
    default: false
    }
  }
}

/// The names of the users of /etc/passwd.
///
/// The file is read when a name is needed and the file has changed. No directory service is
/// queried: a loop that serves sockets must not wait for one.
///
/// - Thread: any
final class UserNames: Sendable {
  private struct Known: Sendable {
    var version: AccountDatabase.FileVersion?
    var names: [UInt32: String] = [:]
  }
  private let known = LockedValue(Known())

  /// The name of a user; nil if the file has none.
  func name(of userID: UInt32) -> String? {
    let version = AccountDatabase.localVersion
    return known.withLock { known in
      if version == nil || known.version != version {
        known = Known(version: version, names: AccountDatabase.localNames())
      }
      return known.names[userID]
    }
  }
}
