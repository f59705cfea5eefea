import Glibc
import NDIS
import NdisprotControl
import TestSupport
import Testing

@testable import NdisprotClient

@Suite("connecting")
struct ConnectTests {
  /// A folder that is removed when the test is over.
  final class Folder {
    let path: String

    init() throws {
      var template = Array("\(P_tmpdir)/ndisprot-XXXXXX".utf8CString)
      path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit {
      for name in ["socket", "file", "link"] { unlink("\(path)/\(name)") }
      rmdir(path)
    }
  }

  static func bound(_ path: String, _ type: __socket_type = SOCK_SEQPACKET) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(result == 0)
    return descriptor
  }

  static func failure(_ path: String) -> ClientError? {
    do throws(ClientError) {
      _ = try Connection(path: path, timeout: .seconds(1))
      return nil
    } catch {
      return error
    }
  }

  @Test("no socket, nobody listening, no socket at all: each has its errno")
  func unreachable() throws {
    let folder = try Folder()
    let path = "\(folder.path)/socket"
    #expect(
      Self.failure(path)
        == .cannotReach(path: path, SystemError(errno: ENOENT, call: "connect")))
    let descriptor = try Self.bound(path)
    defer { close(descriptor) }
    #expect(
      Self.failure(path)
        == .cannotReach(path: path, SystemError(errno: ECONNREFUSED, call: "connect")))
    let file = "\(folder.path)/file"
    close(creat(file, 0o600))
    #expect(
      Self.failure(file)
        == .cannotReach(path: file, SystemError(errno: ECONNREFUSED, call: "connect")))
  }

  @Test("a socket of another type is not the daemon's")
  func wrongType() throws {
    let folder = try Folder()
    let path = "\(folder.path)/socket"
    let descriptor = try Self.bound(path, SOCK_STREAM)
    defer { close(descriptor) }
    listen(descriptor, 1)
    #expect(
      Self.failure(path)
        == .cannotReach(path: path, SystemError(errno: EPROTOTYPE, call: "connect")))
  }

  @Test("a path that no socket can have is refused", arguments: [0, 108, 4000])
  func longPath(_ byteCount: Int) {
    let path = String(repeating: "x", count: byteCount)
    #expect(
      Self.failure(path)
        == .cannotReach(path: path, SystemError(errno: ENAMETOOLONG, call: "connect")))
  }

  @Test("a daemon that accepts nobody is given up")
  func silentListener() throws {
    let folder = try Folder()
    let path = "\(folder.path)/socket"
    let descriptor = try Self.bound(path)
    defer { close(descriptor) }
    listen(descriptor, 1)
    // The kernel connects on the listener's behalf; nobody answers HELLO.
    #expect(Self.failure(path) == .timedOut(.connect))
  }

  @Test(
    "threat T17: root's, one's own and the account's daemons are believed, nobody else's",
    arguments: [
      (UInt32(0), UInt32(1000), UInt32?(120), true), (1000, 1000, 120, true),
      (120, 1000, 120, true), (1001, 1000, 120, false), (1001, 1000, nil, false),
      (65_534, 0, nil, false), (.max, 1000, nil, false),
    ])
  func trust(_ peer: UInt32, _ own: UInt32, _ account: UInt32?, _ isTrusted: Bool) {
    #expect(ServerTrust.isTrusted(peer, ownUserID: own) { account } == isTrusted)
    // NDISPROT_TRUST names one user more, and no other.
    #expect(ServerTrust.isTrusted(peer, ownUserID: own, trusted: peer) { account })
    #expect(
      ServerTrust.isTrusted(peer, ownUserID: own, trusted: peer ^ 1) { account } == isTrusted)
  }

  @Test(
    "threat T17: the one who listens counts, also behind a symbolic link",
    .enabled(
      if: (try? Command.run("setpriv --reuid=65534 --clear-groups true")) != nil,
      "needs root: inside unshare -r everybody is uid 0"))
  func foreignListener() throws {
    let folder = try Folder()
    let path = "\(folder.path)/socket"
    chmod(folder.path, 0o777)
    // A listener of another user, which ends by itself.
    let script = """
      from os import chmod, fork
      from socket import AF_UNIX, SOCK_SEQPACKET, socket
      from time import sleep
      listener = socket(AF_UNIX, SOCK_SEQPACKET)
      listener.bind("\(path)")
      chmod("\(path)", 0o777)
      listener.listen(4)
      if fork() == 0: sleep(60)
      """
    let program = "\(folder.path)/file"
    let file = try #require(fopen(program, "w"))
    fputs(script, file)
    fclose(file)
    // Other tests change what files of this process are made with.
    chmod(program, 0o644)
    try Command.run("setpriv --reuid=65534 --clear-groups /usr/bin/python3 \(program)")
    let link = "\(folder.path)/link"
    symlink(path, link)
    for path in [path, link] {
      #expect(Self.failure(path) == .untrustedServer(path: path, userID: 65_534))
    }
  }
}
