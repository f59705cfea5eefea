import CLinux
import Glibc
import Testing

@testable import Platform

/// A folder with a socket that listens, and one connection to it.
private final class Wire {
  private let folder: String
  let path: String
  let listener: UnixSocket
  let near: UnixSocket
  let far: UnixSocket

  init() throws {
    var template = Array("/tmp/nd-socket-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    path = folder + "/socket"
    let address = try #require(UnixAddress(path: path))
    listener = try UnixSocket(.connection)
    try listener.bind(to: address)
    try listener.listen(backlog: 1)
    near = try UnixSocket(.connection)
    try near.connect(to: address, waitingAtMost: 5_000)
    far = UnixSocket(accept(listener.descriptor, nil, nil))
  }

  deinit {
    for socket in [listener, near, far] { socket.close() }
    unlink(path)
    rmdir(folder)
  }

  /// Receives into so much room.
  func receive(_ byteCount: Int = 64) -> (outcome: String, bytes: [UInt8]) {
    var room = [UInt8](repeating: 0, count: byteCount)
    var span = room.mutableSpan
    var bytes = span.mutableBytes
    let outcome = far.receive(into: &bytes)
    guard case .done(let count) = outcome else { return ("\(outcome)", []) }
    return ("done", Array(room.prefix(count)))
  }
}

@Suite("UnixSocket", .timeLimit(.minutes(15)))
struct UnixSocketTests {
  @Test("a message of two parts arrives as one; an empty socket would block")
  func message() throws {
    let wire = try Wire()
    let (front, rest): ([UInt8], [UInt8]) = ([1, 2], [3])
    guard case .done(3) = wire.near.send(front.span.bytes, rest.span.bytes) else {
      Issue.record("not sent")
      return
    }
    #expect(wire.receive() == ("done", [1, 2, 3]))
    #expect(wire.receive().outcome == "wouldBlock")
  }

  @Test("a message longer than the room is said to be, with the bytes that fit")
  func tooLong() throws {
    let wire = try Wire()
    let bytes = [UInt8](repeating: 7, count: 65)
    _ = wire.near.send(bytes.span.bytes)
    #expect(wire.receive(64).outcome == "tooLong(byteCount: 64)")
  }

  @Test("a message with descriptors is said to carry them, and they are closed")
  func descriptors() throws {
    let wire = try Wire()
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { close(ends[0]) }
    _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
    try wire.send(descriptor: ends[1])
    close(ends[1])
    #expect(wire.receive().outcome == "carriedDescriptors")
    // The end of the pipe: nobody has its other end open any more.
    var byte: UInt8 = 0
    #expect(read(ends[0], &byte, 1) == 0)
  }

  @Test("a socket that is full would block; one whose peer left is gone")
  func fullAndGone() throws {
    let wire = try Wire()
    let bytes = [UInt8](repeating: 7, count: 4_096)
    var sent = 0
    while case .done = wire.near.send(bytes.span.bytes), sent < 10_000 { sent += 1 }
    guard case .wouldBlock = wire.near.send(bytes.span.bytes) else {
      Issue.record("not full after \(sent)")
      return
    }
    wire.far.hangUp()
    guard case .gone = wire.near.send(bytes.span.bytes) else {
      Issue.record("not gone")
      return
    }
  }

  @Test("the end of the conversation is gone; unread bytes of ours make it a reset")
  func endings() throws {
    let wire = try Wire()
    wire.near.hangUp()
    #expect(wire.receive().outcome == "gone")
  }

  @Test("listening, the name and the peer are told as they are")
  func facts() throws {
    let wire = try Wire()
    #expect(wire.listener.isListening)
    #expect(!wire.near.isListening)
    #expect(wire.listener.name == wire.path)
    #expect(wire.near.name == nil)
    let peer = try wire.far.peer()
    #expect(peer.userID == geteuid() && peer.processID == getpid())
    #expect(Set(wire.far.peerGroups) == Set(AccountDatabase.ownGroups))
  }

  @Test(
    "a path is an address from 1 byte to 107, without a zero",
    arguments: [
      ("", false), ("a", true), (String(repeating: "a", count: 107), true),
      (String(repeating: "a", count: 108), false), ("a\0b", false), ("\0", false),
    ])
  func paths(path: String, isAddress: Bool) {
    #expect((UnixAddress(path: path) != nil) == isAddress)
  }

  @Test("an abstract name is told with an at sign in front")
  func abstractName() throws {
    let name = "@nd-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let address = try #require(UnixAddress(path: name, orNameBehindAt: ()))
    let socket = try UnixSocket(.datagrams)
    defer { socket.close() }
    try socket.bind(to: address)
    #expect(socket.name == name)
    let bytes: [UInt8] = [1, 2]
    guard case .done(2) = socket.send(bytes.span.bytes, to: address) else {
      Issue.record("not sent")
      return
    }
    #expect(UnixAddress(path: "@", orNameBehindAt: ()) == nil)
  }
}

extension Wire {
  /// Sends a byte with a descriptor along.
  fileprivate func send(descriptor: Int32) throws {
    var byte: UInt8 = 1
    var control = [UInt64](repeating: 0, count: 3)
    let sent = control.withUnsafeMutableBytes { control in
      withUnsafeMutablePointer(to: &byte) { byte in
        var vector = iovec(iov_base: byte, iov_len: 1)
        return withUnsafeMutablePointer(to: &vector) { vector in
          control.storeBytes(of: 20, toByteOffset: 0, as: Int.self)
          control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
          control.storeBytes(of: Int32(SCM_RIGHTS), toByteOffset: 12, as: Int32.self)
          control.storeBytes(of: descriptor, toByteOffset: 16, as: Int32.self)
          var message = msghdr()
          message.msg_iov = vector
          message.msg_iovlen = 1
          message.msg_control = control.baseAddress
          message.msg_controllen = 24
          return sendmsg(near.descriptor, &message, 0)
        }
      }
    }
    try #require(sent == 1)
  }
}
