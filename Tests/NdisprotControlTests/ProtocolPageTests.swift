import Glibc
import NDIS
import Testing

@testable import NdisprotControl

/// The session on the protocol's page is one that the decoders of both sides take.
@Suite("The protocol's page")
struct ProtocolPageTests {
  private struct Message {
    let isRequest: Bool
    let name: Substring
    let bytes: [UInt8]
    var payload: [UInt8] { Array(bytes.dropFirst(MessageHeader.byteCount)) }
  }

  private func page() throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let path = "/\(root)/Sources/NdisprotControl/NdisprotControl.docc/Protocol.md"
    let file = try #require(fopen(path, "re"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// Lines `> NAME` or `< NAME`, each with indented lines of hex behind it.
  private func session() throws -> [Message] {
    var messages: [Message] = []
    for line in try page().split(separator: "\n") {
      if line.hasPrefix("> ") || line.hasPrefix("< ") {
        messages.append(
          Message(isRequest: line.hasPrefix(">"), name: line.dropFirst(2), bytes: []))
      } else if line.hasPrefix("  "), let last = messages.last {
        let digits = line.filter { $0 != " " }
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
          UInt8(digits.dropFirst($0).prefix(2), radix: 16)
        }
        messages[messages.count - 1] = Message(
          isRequest: last.isRequest, name: last.name, bytes: last.bytes + bytes)
      }
    }
    return messages
  }

  @Test("each message decodes, and each request is answered once under its id")
  func headers() throws {
    var pended: [UInt64: UInt16] = [:]
    let messages = try session()
    #expect(messages.count == 18)
    for message in messages {
      if message.isRequest {
        let header = try MessageHeader(decodingRequest: message.bytes.span.bytes)
        #expect(pended.updateValue(header.opcode, forKey: header.id) == nil, "\(message.name)")
      } else {
        let header = try MessageHeader(decodingReply: message.bytes.span.bytes)
        #expect(pended.removeValue(forKey: header.id) == header.opcode, "\(message.name)")
      }
    }
    #expect(pended.isEmpty)
  }

  @Test("the payloads are those of the types that are drawn")
  func payloads() throws {
    for message in try session() {
      let payload = message.payload.span.bytes
      let header =
        message.isRequest
        ? try MessageHeader(decodingRequest: message.bytes.span.bytes)
        : try MessageHeader(decodingReply: message.bytes.span.bytes)
      switch (Opcode(rawValue: header.opcode), message.isRequest) {
      case (.hello, true): #expect(try HelloRequest(decoding: payload) == HelloRequest(features: 0))
      case (.hello, false): #expect(try HelloReply(decoding: payload).version == 1)
      case (.enumerate, true): _ = try EnumerateRequest(decoding: payload)
      case (.enumerate, false):
        let reply = try EnumerateReply(decoding: payload, entryCount: header.count)
        #expect(reply.entries.contains { $0.name == "np0" })
      case (.open, true):
        #expect(try OpenRequest(decoding: payload).etherTypes.values == [0x88B5])
      case (.open, false) where header.errno == 0:
        #expect(try OpenReply(decoding: payload).name == "np0")
      case (.write, true),
        (.read, false) where header.errno == 0:
        var reader = RecordReader(payload, recordCount: header.count)
        let byteCount = try reader.next()?.frame.byteCount
        #expect(byteCount == 29)
      case (.cancel, true): _ = try CancelRequest(decoding: payload)
      default: #expect(message.payload.isEmpty)
      }
    }
  }
}
