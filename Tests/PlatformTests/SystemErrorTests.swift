import Glibc
import Testing

@testable import Platform

@Suite("SystemError")
struct SystemErrorTests {
  @Test("an error takes errno as the call left it, and the kernel's words")
  func words() {
    errno = EMFILE
    let error = SystemError(failed: "eventfd")
    #expect(error == SystemError(errno: EMFILE, call: "eventfd"))
    #expect(error.text == "eventfd: Too many open files")
    #expect(SystemError(errno: 9_999, call: "x").words.hasSuffix("9999"))
  }
}

@Suite("SystemText")
struct SystemTextTests {
  @Test(
    "bytes become text that gives them back, whatever they are",
    arguments: [
      [], Array("plain".utf8), Array("ä€😀".utf8), [0xFF], [0x61, 0xC3], [0xC3, 0xA4, 0xFE, 0x62],
      [0xE2, 0x82], [0xED, 0xA0, 0x80], Array("\u{10FFFE}x".utf8), Array("\u{10FF10}".utf8),
      (1...255).map { UInt8($0) },
    ] as [[UInt8]])
  func bytes(bytes: [UInt8]) {
    let text = String(systemBytes: bytes)
    #expect(text.systemString.map { UInt8(bitPattern: $0) } == bytes + [0])
  }

  @Test("UTF-8 is itself, and other bytes are private characters, which messages do not show")
  func text() {
    #expect(String(systemBytes: Array("ä b".utf8)) == "ä b")
    #expect(String(systemBytes: [0x61, 0xFF]).unicodeScalars.map(\.isSystemByte) == [false, true])
  }
}

@Suite("AccountDatabase")
struct AccountDatabaseTests {
  private func ask(_ answers: [Int32]) -> (sizes: [Int], result: Result<Int?, SystemError>) {
    var (sizes, rest) = ([Int](), answers[...])
    let result = Result { () throws(SystemError) in
      try AccountDatabase.found("getgrnam_r") { _, byteCount in
        sizes.append(byteCount)
        let code = rest.popFirst() ?? 0
        return (code, code == 0 ? 7 : nil)
      }
    }
    return (sizes, result)
  }

  @Test("the room doubles on ERANGE until the answer fits")
  func growing() {
    let (sizes, result) = ask([ERANGE, EINTR, ERANGE])
    #expect(sizes == [4_096, 8_192, 8_192, 16_384])
    #expect(result == .success(7))
  }

  @Test("an answer beyond 16 MiB is ERANGE, and not a group that is not there")
  func limit() {
    let (sizes, result) = ask(Array(repeating: ERANGE, count: 20))
    #expect(sizes.last == 16 << 20)
    #expect(result == .failure(SystemError(errno: ERANGE, call: "getgrnam_r")))
  }

  @Test("what the manual calls not found is nil", arguments: [ENOENT, ESRCH, EBADF, EPERM])
  func notFound(code: Int32) {
    #expect(ask([code]).result == .success(nil))
  }

  @Test("every other error is reported as itself", arguments: [EIO, EMFILE, ENOMEM, ENOSYS])
  func failure(code: Int32) {
    #expect(ask([code]).result == .failure(SystemError(errno: code, call: "getgrnam_r")))
  }

  @Test("root is there by name and by number, with its groups; a strange name is not")
  func root() throws {
    let user = try #require(try AccountDatabase.user(named: "root"))
    #expect(try AccountDatabase.user(0) == user)
    #expect(user.userID == 0)
    #expect(try AccountDatabase.groups(of: user).contains(user.groupID))
    #expect(try AccountDatabase.group(named: "root")?.groupID == 0)
    #expect(try AccountDatabase.user(named: "no such user") == nil)
    #expect(try AccountDatabase.group(named: "no such group") == nil)
  }
}
