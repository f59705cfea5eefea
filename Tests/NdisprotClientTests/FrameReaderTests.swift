import NDIS
import NdisprotControl
import TestSupport
import Testing

@testable import NdisprotClient

@Suite("FrameReader", .timeLimit(.minutes(15)))
struct FrameReaderTests {
  @Test("start returns when the daemon has four reads")
  func start() throws {
    try withOpenBinding(
      { peer throws in
        for _ in 0..<4 {
          let read = try peer.receive(.readBatch)
          #expect(read.header.information == 131_032)
          #expect(read.header.count == 0)
        }
        peer.reply(to: try peer.receive(.cancel).header, .notFound)
        #expect(peer.isSilent(milliseconds: 20))
      },
      { binding throws in
        var reader = FrameReader(binding)
        try reader.start()
      })
  }

  @Test("when half of the reads are answered, they are asked for again together, behind the frames")
  func halves() throws {
    try withOpenBinding(
      { peer throws in
        let reads = try (0..<4).map { _ in try peer.receive(.readBatch).header }
        peer.reply(to: try peer.receive(.cancel).header, .notFound)
        peer.reply(to: reads[0], .success, ScriptedPeer.records([60]), count: 1)
        #expect(peer.isSilent(milliseconds: 30))
        // The second answer's frame is looked at first: the program answers it with this query.
        peer.reply(to: reads[1], .success, ScriptedPeer.records([60]), count: 1)
        let query = try peer.receive(.deviceControl)
        peer.reply(to: query.header, .success, query.payload + [1, 2, 3, 4])
        for _ in 0..<2 { try peer.receive(.readBatch) }
        peer.reply(to: reads[2], .success, ScriptedPeer.records([60]), count: 1)
        #expect(peer.isSilent(milliseconds: 30))
      },
      { binding throws in
        var reader = FrameReader(binding)
        try reader.start()
        for _ in 0..<2 { try reader.next(by: Deadline(after: .seconds(Patience.seconds))) { _ in } }
        _ = try binding.query(.maximumFrameSize)
        try reader.next(by: Deadline(after: .seconds(Patience.seconds))) { _ in }
      })
  }

  @Test("reads are asked for again and again, and frames keep their order")
  func order() throws {
    try withOpenBinding(
      { peer throws in
        for round in 0..<50 {
          let read = try peer.receive(.readBatch)
          peer.reply(
            to: read.header, .success, ScriptedPeer.records([60, 60], from: UInt8(2 * round)),
            count: 2)
        }
      },
      { binding throws in
        var reader = FrameReader(binding)
        var numbers: [UInt8] = []
        while numbers.count < 100 {
          let count = try reader.next(by: Deadline(after: .seconds(Patience.seconds))) { record in
            numbers.append(record.frame.unsafeLoad(fromByteOffset: 0, as: UInt8.self))
          }
          #expect(count == 2)
        }
        #expect(numbers == Array(0..<100))
      })
  }

  @Test("frames that arrive before start returns are not lost")
  func earlyFrames() throws {
    try withOpenBinding(
      { peer throws in
        let read = try peer.receive(.readBatch)
        peer.reply(to: read.header, .success, ScriptedPeer.records([60]), count: 1)
        for _ in 0..<3 { try peer.receive(.readBatch) }
        peer.reply(to: try peer.receive(.cancel).header, .notFound)
      },
      { binding throws in
        var reader = FrameReader(binding)
        try reader.start()
        let count = try reader.next(by: Deadline(after: .seconds(Patience.seconds))) { _ in }
        #expect(count == 1)
      })
  }

  @Test("a query between two batches leaves the frames in order")
  func queryBetween() throws {
    try withOpenBinding(
      { peer throws in
        let reads = try (0..<4).map { _ in try peer.receive(.readBatch).header }
        peer.reply(to: try peer.receive(.cancel).header, .notFound)
        let query = try peer.receive(.deviceControl)
        for (index, read) in reads.enumerated() {
          peer.reply(to: read, .success, ScriptedPeer.records([60], from: UInt8(index)), count: 1)
        }
        peer.reply(to: query.header, .success, query.payload + [1, 2, 3, 4])
      },
      { binding throws in
        var reader = FrameReader(binding)
        try reader.start()
        #expect(try binding.query(.maximumFrameSize) == [1, 2, 3, 4])
        var numbers: [UInt8] = []
        for _ in 0..<4 {
          try reader.next(by: Deadline(after: .seconds(Patience.seconds))) { record in
            numbers.append(record.frame.unsafeLoad(fromByteOffset: 0, as: UInt8.self))
          }
        }
        #expect(numbers == [0, 1, 2, 3])
      })
  }

  @Test("nothing until the deadline is 0 frames, and the reads stay pended")
  func deadline() throws {
    try withOpenBinding(
      { peer throws in
        for _ in 0..<4 { try peer.receive(.readBatch) }
        #expect(peer.isSilent(milliseconds: 60))
      },
      { binding throws in
        var reader = FrameReader(binding)
        let start = ContinuousClock.now
        let count = try reader.next(by: Deadline(after: .milliseconds(30))) { _ in }
        #expect(count == 0)
        #expect(ContinuousClock.now - start >= .milliseconds(30))
      })
  }

  @Test("A-57: when the binding goes, the reason is thrown")
  func adapterRemoved() throws {
    try withOpenBinding(
      { peer throws in peer.reply(to: try peer.receive(.readBatch).header, .adapterRemoved) },
      { binding throws in
        let error = failure {
          var reader = FrameReader(binding)
          try reader.next(by: .never) { _ in }
        }
        #expect(error == .refused(.adapterRemoved, .read))
      })
  }

  @Test("records that lie end the connection")
  func malformed() throws {
    try withOpenBinding(
      { peer throws in
        peer.reply(
          to: try peer.receive(.readBatch).header, .success,
          Array(ScriptedPeer.records([60]).dropLast(8)), count: 1)
      },
      { binding throws in
        let error = failure {
          var reader = FrameReader(binding)
          try reader.next(by: .never) { _ in }
        }
        #expect(error == .protocolViolation(.malformedReply(opcode: 6)))
      })
  }

  @Test("stop cancels the reads and still delivers what came before")
  func stop() throws {
    try withOpenBinding(
      { peer throws in
        let reads = try (0..<2).map { _ in try peer.receive(.readBatch).header }
        peer.reply(to: try peer.receive(.cancel).header, .notFound)
        for (index, read) in reads.enumerated() {
          let cancel = try peer.receive(.cancel)
          if index == 0 {
            peer.reply(to: read, .success, ScriptedPeer.records([60, 60]), count: 2)
            peer.reply(to: cancel.header, .notFound)
          } else {
            peer.reply(to: read, .cancelled)
            peer.reply(to: cancel.header)
          }
        }
      },
      { binding throws in
        var reader = FrameReader(binding, pendedReadCount: 2)
        try reader.start()
        var count = 0
        try reader.stop { _ in count += 1 }
        #expect(count == 2)
      })
  }
}
