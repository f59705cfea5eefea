import NdisprotControl
import TestSupport
import Testing

@testable import NdisprotClient

@Suite("A client that polls", .timeLimit(.minutes(15)))
struct SpinTests {
  @Test(
    "the time is bounded, and none unless asked for",
    arguments: [
      (.zero, .zero), (.microseconds(-1), .zero), (.microseconds(100), .microseconds(100)),
      (.microseconds(2_500), .microseconds(2_500)), (.seconds(1), .microseconds(2_500)),
    ] as [(Duration, Duration)])
  func bounds(wanted: Duration, spin: Duration) throws {
    try withOpenBinding(
      { _ throws in },
      { binding throws in
        #expect(binding.connection.spin == .zero)
        binding.connection.spin = wanted
        #expect(binding.connection.spin == spin)
      })
  }

  @Test("frames, replies and deadlines are what they are without polling")
  func reading() throws {
    try withOpenBinding(
      { peer throws in
        for number in 0..<20 {
          let read = try peer.receive(.readBatch)
          // Now and then later than the client polls.
          if number % 5 == 4 { #expect(peer.isSilent(milliseconds: 5)) }
          peer.reply(
            to: read.header, .success, ScriptedPeer.records([60], from: UInt8(number)), count: 1)
        }
        let query = try peer.receive(.deviceControl)
        peer.reply(to: query.header, .success, query.payload + [1, 2, 3, 4])
      },
      { binding throws in
        binding.connection.spin = .microseconds(500)
        var reader = FrameReader(binding, pendedReadCount: 1)
        var numbers: [UInt8] = []
        for _ in 0..<20 {
          try reader.next(by: .never) { record in
            numbers.append(record.frame.unsafeLoad(fromByteOffset: 0, as: UInt8.self))
          }
        }
        #expect(numbers == Array(0..<20))
        #expect(try binding.query(.maximumFrameSize) == [1, 2, 3, 4])
      })
  }

  @Test("an interruption ends a wait that polls, and a deadline does")
  func ends() throws {
    try withOpenBinding(
      { peer throws in
        try peer.receive(.readBatch)
        let query = try peer.receive(.deviceControl)
        peer.reply(to: query.header, .success, query.payload + [1, 2, 3, 4])
      },
      { binding throws in
        let connection = binding.connection
        connection.spin = .microseconds(2_500)
        var reader = FrameReader(binding, pendedReadCount: 1)
        #expect(try reader.next(by: Deadline(after: .milliseconds(1))) { _ in } == 0)
        #expect(try reader.next(by: Deadline(after: .milliseconds(5))) { _ in } == 0)
        let interruption = try CancellationToken()
        connection.interruption = interruption
        interruption.raise()
        // Not `#expect(throws:)`: a reader cannot be copied into its closure.
        var failure: ClientError?
        do throws(ClientError) {
          try reader.next(by: .never) { _ in }
        } catch {
          failure = error
        }
        #expect(failure == .interrupted)
        interruption.clear()
        #expect(try binding.query(.maximumFrameSize) == [1, 2, 3, 4])
      })
  }
}
