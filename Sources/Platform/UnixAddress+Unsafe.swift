internal import CLinux
internal import Glibc

/// The address of a Unix socket: a path, or an abstract name.
///
/// - Source: unix(7)
public struct UnixAddress: Sendable {
  /// In the kernel's form: an abstract name starts with a zero, a path ends with one.
  private let name: [UInt8]

  /// The length of `sun_path`, including the zero after a path.
  private static let capacity = 108

  /// The address of a path; nil if it is empty, contains a zero, or exceeds 107 bytes.
  public init?(path: String) { self.init(Array(path.utf8) + [0], zeroAt: path.utf8.count) }

  /// The address of a path, or of an abstract name with `@` in front, as service managers write it.
  public init?(path: String, orNameBehindAt: Void) {
    guard path.utf8.first == UInt8(ascii: "@") else {
      self.init(path: path)
      return
    }
    self.init([0] + path.utf8.dropFirst(), zeroAt: 0)
  }

  private init?(_ name: [UInt8], zeroAt index: Int) {
    guard (2...UnixAddress.capacity).contains(name.count), name.firstIndex(of: 0) == index else {
      return nil
    }
    self.name = name
  }

  /// Passes the address to `body` in the kernel's form.
  func withSocketAddress<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let byteCount = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, byteCount)
      }
    }
  }

  /// The name that a socket is bound to; an abstract one begins with `@`; nil if it has none.
  static func text(ofSocket descriptor: Int32) -> String? {
    var address = sockaddr_un()
    var byteCount = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &byteCount)
      }
    }
    let count = min(Int(byteCount) - MemoryLayout<sa_family_t>.size, capacity)
    guard result == 0, count > 0 else { return nil }
    var bytes = unsafe withUnsafeBytes(of: address.sun_path) { unsafe Array($0.prefix(count)) }
    if bytes[0] == 0 { bytes[0] = UInt8(ascii: "@") }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
