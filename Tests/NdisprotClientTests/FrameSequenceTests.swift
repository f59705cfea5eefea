import Glibc
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

  @Test("several iterators in tasks of their own: each ends, with frames and with none")
  func iterators() async throws {
    let mayGo = Flag()
    let lab = try AsyncLab { peer throws in
      let reads = try (0..<4).map { _ in try peer.receive(.readBatch) }
      while mayGo.isSet { usleep(1_000) }
      for (round, read) in reads.enumerated() {
        peer.reply(
          to: read.header, .success, ScriptedPeer.records([60], from: UInt8(round)), count: 1)
      }
    }
    let frames = try lab.frames()
    let tasks = (0..<4).map { _ in
      Task {
        var count = 0
        do { for try await _ in frames { count += 1 } } catch {}
        return count
      }
    }
    try await Task.sleep(for: .milliseconds(50))
    mayGo.clear()
    var total = 0
    // None hangs: the hang-up of the daemon ends them all.
    for task in tasks { total += await task.value }
    #expect(total == 4)
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
