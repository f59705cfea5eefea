import Glibc
import Testing

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
}
