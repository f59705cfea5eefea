import CLinux
import Glibc
import Platform
import TestSupport
import Testing
import WDF

@testable import NdisprotServer

@Suite("ListeningSocket")
struct ListeningSocketTests {
  /// A directory of one test's own, removed behind it.
  private func withDirectory(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/ndisprot-XXXXXX\0".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
    let path = try #require(made.map { String(cString: $0) })
    defer {
      unlink(path + "/socket")
      rmdir(path)
    }
    try body(path)
  }

  @Test("a socket is made with the mode that was asked for")
  func make() throws {
    try withDirectory { directory in
      let descriptor = try ListeningSocket.make(path: directory + "/socket", mode: 0o600)
      defer { close(descriptor) }
      var status = stat()
      #expect(lstat(directory + "/socket", &status) == 0)
      #expect(status.st_mode & 0o777 == 0o600)
      #expect(status.st_mode & S_IFMT == S_IFSOCK)
    }
  }

  @Test("the socket of a dead daemon is replaced")
  func stale() throws {
    try withDirectory { directory in
      let path = directory + "/socket"
      close(try ListeningSocket.make(path: path, mode: 0o600))
      let again = try ListeningSocket.make(path: path, mode: 0o600)
      close(again)
    }
  }

  @Test("the socket of a living daemon is left alone")
  func inUse() throws {
    try withDirectory { directory in
      let path = directory + "/socket"
      let descriptor = try ListeningSocket.make(path: path, mode: 0o600)
      defer { close(descriptor) }
      #expect(throws: ListenError.inUse(path)) {
        try ListeningSocket.make(path: path, mode: 0o600)
      }
    }
  }

  @Test("a daemon that ends removes its own name, and not that of its successor")
  func successor() throws {
    try withDirectory { directory in
      let path = directory + "/socket"
      let first = try ListeningSocket.make(path: path, mode: 0o600)
      let made = FileIdentity(path)
      defer { close(first) }
      #expect(unlink(path) == 0)
      let second = try ListeningSocket.make(path: path, mode: 0o600)
      let successor = FileIdentity(path)
      defer { close(second) }
      ListeningSocket.remove(path: path, made)
      #expect(FileIdentity(path) == successor && successor != nil)
      ListeningSocket.remove(path: path, successor)
      #expect(FileIdentity(path) == nil)
      #expect(FileIdentity(path + ".lock") == nil)
    }
  }

  @Test("of two daemons that find the same stale socket one serves, and the other ends")
  func race() throws {
    try withDirectory { directory in
      let path = directory + "/socket"
      for _ in 0..<50 {
        close(try ListeningSocket.make(path: path, mode: 0o600))
        let made = LockedValue<[Int32]>([])
        let threads = (0..<2).map { _ in
          TestThread {
            if let descriptor = try? ListeningSocket.make(path: path, mode: 0o600) {
              made.withLock { $0.append(descriptor) }
            }
          }
        }
        for thread in threads { thread.join() }
        let descriptors = made.withLock { $0 }
        #expect(descriptors.count == 1)
        for descriptor in descriptors { close(descriptor) }
      }
    }
  }

  @Test("the socket of a daemon that stands with a full queue is left alone")
  func full() throws {
    try withDirectory { directory in
      let path = directory + "/socket"
      let descriptor = try ListeningSocket.make(path: path, mode: 0o600)
      defer { close(descriptor) }
      #expect(listen(descriptor, 0) == 0)
      let clients = (0..<4).map { _ in connected(to: path) }
      defer { for client in clients { close(client) } }
      #expect(throws: ListenError.inUse(path)) {
        try ListeningSocket.make(path: path, mode: 0o600)
      }
    }
  }

  /// A client that does not wait for a place in the queue.
  private func connected(to path: String) -> Int32 {
    let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue)
    let client = socket(AF_UNIX, type, 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = connect(client, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    return client
  }

  @Test("a file of that name is left alone")
  func notASocket() throws {
    try withDirectory { directory in
      let path = directory + "/socket"
      let file = open(path, O_CREAT | O_WRONLY, 0o600)
      close(file)
      #expect(throws: ListenError.notASocket(path)) {
        try ListeningSocket.make(path: path, mode: 0o600)
      }
      var status = stat()
      #expect(lstat(path, &status) == 0)
    }
  }

  @Test("a path that is empty or longer than sun_path is refused", arguments: [0, 108, 4096])
  func pathLength(byteCount: Int) {
    let path = String(repeating: "a", count: byteCount)
    #expect(throws: ListenError.pathTooLong(path)) {
      try ListeningSocket.make(path: path, mode: 0o600)
    }
  }

  @Test("an inherited socket is taken over with its name, and made non-blocking")
  func adopted() throws {
    try withDirectory { directory in
      let path = directory + "/socket"
      let descriptor = try ListeningSocket.make(path: path, mode: 0o600)
      defer { close(descriptor) }
      #expect(fcntl(descriptor, F_SETFL, 0) == 0)
      #expect(fcntl(descriptor, F_SETFD, 0) == 0)
      #expect(try ListeningSocket.adopt(descriptor) == path)
      #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
      #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
    }
  }

  /// Descriptors that a wrong socket unit would pass.
  enum Wrong: CaseIterable {
    case closed, file, internet, stream, notListening

    var descriptor: Int32 {
      switch self {
      case .closed: 1_000_000
      case .file: open("/dev/null", O_RDONLY)
      case .internet: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      case .stream: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      case .notListening: socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0)
      }
    }
  }

  @Test("an inherited descriptor that is something else is refused", arguments: Wrong.allCases)
  func notAdopted(wrong: Wrong) {
    let descriptor = wrong.descriptor
    defer { close(descriptor) }
    #expect(throws: ListenError.notListening(descriptor: descriptor)) {
      try ListeningSocket.adopt(descriptor)
    }
  }
}
