import NDIS
import NdisprotControl
import TestSupport
import Testing

@testable import NdisprotClient

@Suite("FrameSequence", .timeLimit(.minutes(15)))
struct FrameSequenceTests {
  @Test("frames come in order, then the daemon's hang-up is thrown")
  func order() async throws {
    let lab = try AsyncLab { peer throws in
      for round in 0..<20 {
        let read = try peer.receive(.readBatch)
        peer.reply(
          to: read.header, .success,
          ScriptedPeer.records([Int](repeating: 60, count: 10), from: UInt8(round * 10)),
          count: 10)
      }
    }
    var numbers: [UInt8] = []
    var end: ClientError?
    do throws(ClientError) {
      for try await frame in try lab.frames() { numbers.append(frame.bytes[0]) }
    } catch {
      end = error
    }
    #expect(numbers == Array(0..<200))
    #expect(end == .daemonGone)
    lab.join()
  }

  @Test("a task that is cancelled ends its frames, and the connection closes")
  func cancellation() async throws {
    let arePending = Flag()
    let lab = try AsyncLab { peer throws in
      for _ in 0..<4 { try peer.receive(.readBatch) }
      arePending.clear()
      // The hang-up of the client: its thread has ended and let go of the connection.
      #expect(throws: ScriptedPeer.ScriptError.self) { try peer.receive() }
    }
    let frames = try lab.frames()
    let task = Task {
      var count = 0
      for try await _ in frames { count += 1 }
      return count
    }
    // The script ends by itself, and says so, when they do not come.
    while arePending.isSet, !lab.hasEnded { try await Task.sleep(for: .milliseconds(1)) }
    #expect(!arePending.isSet)
    task.cancel()
    #expect(try await task.value == 0)
    lab.join()
  }
}
