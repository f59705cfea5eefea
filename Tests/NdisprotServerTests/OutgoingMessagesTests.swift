import CLinux
import Glibc
import Ndisprot
import Testing

@testable import NdisprotServer

@Suite("OutgoingMessages")
struct OutgoingMessagesTests {
  private func withSocketPair(_ body: (Int32, Int32) throws -> Void) throws {
    var pair: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &pair) == 0)
    defer { pair.forEach { close($0) } }
    try body(pair[0], pair[1])
  }

  private func append(_ messages: inout OutgoingMessages, _ header: [UInt8], _ payload: [UInt8]) {
    let first = header.span
    let second = payload.span
    messages.append(first.bytes, second.bytes)
  }

  private func receive(_ descriptor: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    return count < 0 ? nil : Array(buffer.prefix(count))
  }

  @Test("messages leave whole and in order")
  func order() throws {
    try withSocketPair { near, far in
      var messages = OutgoingMessages()
      for number in UInt8(0)..<50 {
        append(&messages, [number], [UInt8](repeating: number, count: Int(number) * 17))
      }
      let outcome = messages.flush(to: near)
      #expect(outcome == .done)
      for number in UInt8(0)..<50 {
        let expected = [UInt8](repeating: number, count: Int(number) * 17 + 1)
        #expect(receive(far) == expected)
      }
    }
  }

  @Test("what a full socket does not take stays, and leaves later without loss")
  func full() throws {
    try withSocketPair { near, far in
      var messages = OutgoingMessages()
      for number in UInt8(0)..<100 {
        append(&messages, [number], [UInt8](repeating: 0, count: 30_000))
      }
      var received: [UInt8] = []
      var turns = 0
      while !messages.isEmpty, turns < 1_000 {
        turns += 1
        _ = messages.flush(to: near)
        while let message = receive(far) { received += message.prefix(1) }
      }
      #expect(turns > 1)
      #expect(received == Array(0..<100))
    }
  }

  /// Bounds of the budget, whether they have room for a long reply, and the bytes at which nothing
  /// more is read.
  @Test(
    "threat T6: a long reply that waits is charged until it is sent, and without room nothing more is read behind it",
    arguments: [
      (Budget.Limits(all: 1 << 20), true), (Budget.Limits(all: 1 << 20, user: 1 << 10), false),
      (Budget.Limits(all: 1 << 10), false),
    ])
  func charged(limits: Budget.Limits, hasRoom: Bool) throws {
    try withSocketPair { near, far in
      let budget = Budget("replies", limits)
      var messages = OutgoingMessages(budget, of: 1_000)
      append(&messages, [1], [UInt8](repeating: 0, count: 20_000))
      #expect(budget.use.used == 0 && messages.bound == OutgoingMessages.longestQueue)
      for _ in 0..<8 { append(&messages, [1], [UInt8](repeating: 0, count: 40_000)) }
      #expect(budget.used(by: 1_000) >= messages.byteCount - OutgoingMessages.own)
      #expect(
        messages.bound == (hasRoom ? OutgoingMessages.longestQueue : OutgoingMessages.own))
      #expect((budget.use.refused == 0) == hasRoom)
      while messages.flush(to: near) == .blocked { while receive(far) != nil {} }
      #expect(budget.use.used == 0 && messages.bound == OutgoingMessages.longestQueue)
      append(&messages, [1], [UInt8](repeating: 0, count: 40_000))
      #expect(budget.use.used > 0)
      messages = OutgoingMessages()
      #expect(budget.use.used == 0)
    }
  }

  @Test("a peer that is gone is told apart from a full socket")
  func gone() throws {
    var pair: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &pair) == 0)
    close(pair[1])
    var messages = OutgoingMessages()
    append(&messages, [1], [])
    let outcome = messages.flush(to: pair[0])
    #expect(outcome == .gone)
    close(pair[0])
  }
}
