internal import CLinux
internal import Glibc
internal import NdisprotClient
internal import Platform

/// The messages between the two processes of a run before the program starts, over a socket pair.
///
/// ```
///   inside                     pump
///     [u] ──────────────────►            only if users are mapped: newuidmap(1) is wanted
///         ◄────────────────── [.]        they are
///     [.] + descriptors ─────►           the adapter is there
///         ◄────────────────── [.]        frames are pumped: go
/// ```
enum Handover {
  /// Asks the pump to map the users of the namespace.
  static let wantsUsers = UInt8(ascii: "u")
  /// Allows the other side to continue.
  static let goOn = UInt8(ascii: ".")

  /// A received message.
  enum Message {
    case byte(UInt8)
    case descriptors([Int32])
    /// The other process has ended.
    case end
  }

  /// Creates the pair; the second descriptor is for the process inside.
  static func makeChannel() throws(AdapterError) -> (Int32, Int32) {
    var ends: (Int32, Int32) = (-1, -1)
    let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
    let result = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
      unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) {
        unsafe socketpair(AF_UNIX, type, 0, $0)
      }
    }
    guard result == 0 else { throw .step(.handover, SystemError(failed: "socketpair")) }
    return ends
  }

  static func send(_ byte: UInt8, to channel: Int32) throws(AdapterError) {
    var byte = byte
    guard unsafe Glibc.send(channel, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 else {
      throw .step(.handover, SystemError(failed: "send"))
    }
  }

  static func send(_ descriptors: [Int32], to channel: Int32) throws(AdapterError) {
    guard unsafe clinux_send_rights(channel, descriptors, UInt32(descriptors.count)) == 0 else {
      throw .step(.handover, SystemError(failed: "sendmsg"))
    }
  }

  /// Waits for permission to continue.
  ///
  /// - Throws: ECONNRESET if the other process has ended
  static func receiveByte(from channel: Int32) throws(AdapterError) {
    guard case .byte = try receive(from: channel) else {
      throw .step(.handover, SystemError(errno: ECONNRESET, call: "recvmsg"))
    }
  }

  /// Waits for a message.
  static func receive(from channel: Int32) throws(AdapterError) -> Message {
    var byte: UInt8 = 0
    var rights = clinux_rights()
    while true {
      var flags: Int32 = 0
      let count = unsafe clinux_receive(channel, &byte, 1, &flags, &rights)
      if count == 0 { return .end }
      guard count > 0 else {
        if errno == EINTR { continue }
        if errno == ECONNRESET { return .end }
        throw .step(.handover, SystemError(failed: "recvmsg"))
      }
      guard rights.count > 0 else { return .byte(byte) }
      let number = Int(rights.count)
      return .descriptors(
        unsafe withUnsafeBytes(of: rights.descriptors) { bytes in
          unsafe Array(bytes.bindMemory(to: Int32.self).prefix(number))
        })
    }
  }
}
