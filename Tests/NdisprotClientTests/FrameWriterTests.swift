import NDIS
import NdisprotControl
import Testing

@testable import NdisprotClient

@Suite("FrameWriter", .timeLimit(.minutes(15)))
struct FrameWriterTests {
  /// Takes messages until `frameCount` frames are there, and says that all were sent.
  static func takeAll(
    _ peer: ScriptedPeer, _ frameCount: UInt32, frameByteCount: UInt32
  ) throws -> [UInt32] {
    var counts: [UInt32] = []
    while counts.reduce(0, +) < frameCount {
      let message = try peer.receive(.writeBatch)
      let count = message.header.count
      let isWellFormed = RecordReader.areWellFormed(
        message.payload.span.bytes, recordCount: Int(count))
      #expect(isWellFormed)
      counts.append(count)
      peer.reply(
        to: message.header, .success,
        [CompletionStatus](repeating: .success, count: Int(count)).flatMap(\.encoded),
        count: count, information: count * frameByteCount)
    }
    return counts
  }

  @Test(
    "small frames go 512 in a message, large ones 64",
    arguments: [(60, [UInt32](repeating: 512, count: 3) + [464]), (1518, [64, 64, 64, 8])])
  func batches(_ byteCount: Int, _ counts: [UInt32]) throws {
    let frameCount = counts.reduce(0, +)
    try withOpenBinding(
      { peer throws in
        #expect(
          try Self.takeAll(peer, frameCount, frameByteCount: UInt32(byteCount)) == counts)
      },
      { binding throws in
        let frame = [UInt8](repeating: 1, count: byteCount)
        var writer = FrameWriter(binding)
        for _ in 0..<frameCount { try writer.write(frame.span.bytes) }
        let report = try writer.finish()
        #expect(report.submitted == UInt64(frameCount))
        #expect(report.sent == UInt64(frameCount))
        #expect(report.sentByteCount == UInt64(frameCount) * UInt64(byteCount))
        #expect(report.failures.isEmpty)
        #expect(report.outstanding == 0)
      })
  }

  @Test("the reason of a refused frame is in the report, and its status among the others")
  func reason() throws {
    try withOpenBinding(
      { peer throws in
        let message = try peer.receive(.writeBatch)
        var reply = MessageHeader(opcode: message.header.opcode, id: message.header.id)
        reply.flags = MessageHeader.replyFlag | MessageHeader.reasonFlag
        reply.completion = .notPermitted
        reply.count = 2
        peer.send(
          reply.encoded.indices.map { reply.encoded[$0] }
            + [CompletionStatus.success, .notPermitted].flatMap(\.encoded)
            + Array("rule 'x' does not give write".utf8))
        // A read is refused as a whole.
        let read = try peer.receive(.read)
        reply.id = read.header.id
        reply.opcode = read.header.opcode
        reply.count = 0
        peer.send(reply.encoded.indices.map { reply.encoded[$0] } + Array("no read".utf8))
      },
      { binding throws in
        let frame = [UInt8](repeating: 1, count: 60)
        var writer = FrameWriter(binding)
        for _ in 0..<2 { try writer.write(frame.span.bytes) }
        let report = try writer.finish()
        #expect(report.sent == 1 && report.failures == [.notPermitted: 1])
        #expect(report.reason == "rule 'x' does not give write")
        #expect(throws: ClientError.denied(.notPermitted, .read, reason: "no read")) {
          try binding.read(timeout: .seconds(60))
        }
      })
  }

  @Test("eight messages are on their way, and no ninth")
  func window() throws {
    try withOpenBinding(
      { peer throws in
        let first = try (0..<8).map { _ in try peer.receive(.writeBatch).header }
        #expect(peer.isSilent(milliseconds: 50))
        // In any order: the daemon promises none between requests.
        for header in first.reversed() {
          peer.reply(to: header, .success, CompletionStatus.success.encoded, count: 1)
        }
        _ = try Self.takeAll(peer, 2, frameByteCount: 60)
      },
      { binding throws in
        let frame = [UInt8](repeating: 1, count: 60)
        var writer = FrameWriter(binding, frameLimit: 1)
        for _ in 0..<10 { try writer.write(frame.span.bytes) }
        #expect(try writer.finish().sent == 10)
      })
  }

  @Test("frames that were not sent are counted by why")
  func failures() throws {
    let statuses: [CompletionStatus] = [
      .success, .sourceMismatch, .frameTooLong, .sourceMismatch,
    ]
    try withOpenBinding(
      { peer throws in
        let first = try peer.receive(.writeBatch)
        peer.reply(
          to: first.header, .sourceMismatch, statuses.flatMap(\.encoded), count: 4,
          bytesNeeded: 1514, information: 60)
        // A message that was refused as a whole has no statuses.
        peer.reply(to: try peer.receive(.writeBatch).header, .bindingGone)
      },
      { binding throws in
        let frame = [UInt8](repeating: 1, count: 60)
        var writer = FrameWriter(binding, frameLimit: 4)
        for _ in 0..<7 { try writer.write(frame.span.bytes) }
        let report = try writer.finish()
        #expect(report.sent == 1)
        #expect(report.sentByteCount == 60)
        #expect(report.failures == [.sourceMismatch: 2, .frameTooLong: 1, .bindingGone: 3])
        #expect(report.limitByteCount == 1514)
        #expect(report.submitted == 7)
      })
  }

  @Test("a frame that no message holds is counted, and the next one goes")
  func giant() throws {
    try withOpenBinding(
      { peer throws in _ = try Self.takeAll(peer, 2, frameByteCount: 60) },
      { binding throws in
        let frame = [UInt8](repeating: 1, count: 60)
        let giant = [UInt8](repeating: 1, count: 140_000)
        var writer = FrameWriter(binding)
        try writer.write(frame.span.bytes)
        try writer.write(giant.span.bytes)
        try writer.write(frame.span.bytes)
        let report = try writer.finish()
        #expect(report.sent == 2)
        #expect(report.failures == [.frameTooLong: 1])
      })
  }

  @Test("a daemon that reads only as fast as its answers are taken does not stop the client")
  func noDeadlock() throws {
    try withOpenBinding(
      { peer throws in _ = try Self.takeAll(peer, 6400, frameByteCount: 1518) },
      { binding throws in
        let frame = [UInt8](repeating: 1, count: 1518)
        var writer = FrameWriter(binding, outstandingLimit: 16)
        for _ in 0..<6400 { try writer.write(frame.span.bytes) }
        #expect(try writer.finish().sent == 6400)
      })
  }

  @Test("a daemon that answers nothing is given up")
  func stalled() throws {
    try withOpenBinding(
      { peer throws in
        try peer.receive(.writeBatch)
        #expect(peer.isSilent(milliseconds: 60))
      },
      { binding throws in
        let frame = [UInt8](repeating: 1, count: 60)
        let error = failure {
          var writer = FrameWriter(binding, timeout: .milliseconds(30))
          try writer.write(frame.span.bytes)
          try writer.finish()
        }
        #expect(error == .timedOut(.write))
      })
  }
}
