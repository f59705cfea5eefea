import CLinux
import Glibc
import MDL
import NDIS
import NdisprotControl
import Testing
import WDF

@testable import NdisprotServer

/// How long a reply gets, whatever a client says and however small its socket is.
@Suite("Room of replies")
struct RoomTests {
  @Test(
    "the room of a read is held to the longest message, whatever the client says it has",
    arguments: [Opcode.read, .readBatch], [0, 1, 131_031, 131_032, 131_033, 300 << 10, UInt32.max])
  func room(opcode: Opcode, wanted: UInt32) {
    var header = MessageHeader(opcode, id: 7)
    header.information = wanted
    let parameters = RequestParameters(header)
    #expect(parameters.outputByteCount == min(Int(wanted), 131_072 - 40))
  }

  @Test(
    "a reply that is longer than any message of the socket is refused in its place: the client is told, and what waits behind it leaves"
  )
  func refused() throws {
    var pair: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &pair) == 0)
    defer { pair.forEach { close($0) } }
    var byteCount: Int32 = 4_096
    setsockopt(
      pair[0], SOL_SOCKET, SO_SNDBUF, &byteCount, socklen_t(MemoryLayout<Int32>.size))
    let longest = SendBufferBudget.longestMessage(ClientSocket(pair[0]))
    #expect(longest < 10_000)
    let messages = OutgoingMessages()
    for (id, count) in [(UInt64(1), longest - 40 + 1), (2, 100)] {
      var header = MessageHeader(.enumerate, id: id)
      header.flags = MessageHeader.replyFlag
      header.information = UInt32(count)
      let payload = [UInt8](repeating: 0, count: count)
      let (front, back) = (header.encoded, payload.span)
      messages.append(front.span.bytes, back.bytes)
    }
    let outcome = messages.flush(to: pair[0])
    #expect(outcome == .done)
    var replies: [MessageHeader] = []
    for _ in 0..<2 {
      var buffer = [UInt8](repeating: 0, count: 16 << 10)
      let received = recv(pair[1], &buffer, buffer.count, Int32(MSG_DONTWAIT))
      let message = Array(buffer.prefix(max(0, received)))
      replies.append(try MessageHeader(decodingReply: message.span.bytes))
    }
    #expect(replies.map(\.id) == [1, 2])
    #expect(replies[0].completion == .noMemory && replies[0].information == 0)
    #expect(replies[0].bytesNeeded == UInt32(longest + 1))
    #expect(replies[1].completion.isSuccess)
  }
}
