import Glibc
import NDIS
import NdisprotControl
import Synchronization
import TestSupport
import Testing

@testable import NdisprotClient

/// Counts for a script and its test.
private final class Tally: Sendable {
  private let sum = Atomic(0)
  var value: Int { sum.load(ordering: .acquiring) }
  func add(_ count: Int) { sum.add(count, ordering: .acquiringAndReleasing) }
}

/// An actor as programs have them: the open and what they know are its state.
private actor Answering {
  private var seen = 0

  func run(_ lab: AsyncLab, until count: Int) async throws -> Int {
    let port = try lab.connection().open("np0", etherTypes: .eapol)
    return try await port.withFrames { inbound, outbound in
      for try await frame in inbound {
        seen += 1
        try await outbound.write(frame.bytes)
        if seen == count { break }
      }
      return seen
    }
  }

  var count: Int { seen }
}

@Suite("withFrames", .timeLimit(.minutes(15)))
struct AsyncFramesTests {
  /// Answers reads with frames that count up, and writes with success, until the client hangs up.
  private static func serve(_ peer: ScriptedPeer, written: Tally? = nil) throws {
    var number: UInt8 = 0
    while let message = try? peer.receive() {
      switch message.opcode {
      case .readBatch:
        peer.reply(
          to: message.header, .success, ScriptedPeer.records([60, 60], from: number), count: 2)
        number &+= 2
      case .writeBatch:
        written?.add(Int(message.header.count))
        let count = message.header.count
        let statuses = (0..<count).flatMap { _ in CompletionStatus.success.encoded }
        peer.reply(to: message.header, .success, statuses, count: count)
      case .cancel: peer.reply(to: message.header, .notFound)
      default: peer.reply(to: message.header)
      }
    }
  }

  @Test("an actor answers frames, and may use its state meanwhile")
  func answers() async throws {
    let written = Tally()
    let lab = try AsyncLab { peer throws in try Self.serve(peer, written: written) }
    let actor = Answering()
    #expect(try await actor.run(lab, until: 50) == 50)
    #expect(await actor.count == 50)
    lab.join()
    #expect(written.value == 50)
  }

  @Test("several ports are read in one task group")
  func group() async throws {
    let labs = try (0..<4).map { _ in try AsyncLab { peer throws in try Self.serve(peer) } }
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for lab in labs {
        group.addTask {
          let port = try lab.connection().open("np0", etherTypes: .eapol)
          return try await port.withFrames { inbound, _ in
            var numbers: [UInt8] = []
            for try await frame in inbound {
              numbers.append(frame.bytes[0])
              if numbers.count == 40 { break }
            }
            #expect(numbers == Array(0..<40))
            return numbers.count
          }
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(counts == 160)
    for lab in labs { lab.join() }
  }

  @Test("a cancelled task ends its frames, and the open serves on: what came is the next one's")
  func cancellation() async throws {
    let arePending = Flag()
    let lab = try AsyncLab { peer throws in
      let reads = [try peer.receive(.readBatch), try peer.receive(.readBatch)]
      arePending.clear()
      for read in reads {
        let cancel = try peer.receive(.cancel)
        peer.reply(to: read.header, .cancelled)
        peer.reply(to: cancel.header)
      }
      peer.reply(
        to: try peer.receive(.read).header, .success, ScriptedPeer.records([70]), count: 1)
    }
    let task = Task {
      let port = try lab.connection().open("np0", etherTypes: .eapol)
      let count = try await port.withFrames { inbound, _ in
        var count = 0
        for try await _ in inbound { count += 1 }
        return count
      }
      #expect(Task.isCancelled)
      return (count, try port.read().bytes.count)
    }
    while arePending.isSet, !lab.hasEnded { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    let (count, length) = try await task.value
    #expect(count == 0 && length == 70)
    lab.join()
  }

  @Test("a write whose task is cancelled is no success, and is cancelled in the daemon")
  func cancelledWrite() async throws {
    let isPending = Flag()
    let lab = try AsyncLab { peer throws in
      let write = try peer.receive(.writeBatch)
      isPending.clear()
      let cancel = try peer.receive(.cancel)
      let wanted = try CancelRequest(decoding: cancel.payload.span.bytes)
      #expect(wanted.id == write.header.id)
    }
    let task = Task {
      let port = try lab.connection().open("np0", etherTypes: .eapol)
      try await port.withFrames { _, outbound in
        try await outbound.write([UInt8](repeating: 0, count: 60))
      }
    }
    while isPending.isSet, !lab.hasEnded { try await Task.sleep(for: .milliseconds(1)) }
    task.cancel()
    await #expect(throws: ClientError.interrupted) { try await task.value }
    lab.join()
  }

  @Test("what the daemon refuses is thrown, each frame's status is returned")
  func refusals() async throws {
    let lab = try AsyncLab { peer throws in
      let first = try peer.receive(.writeBatch)
      peer.reply(to: first.header, .sourceMismatch)
      let second = try peer.receive(.writeBatch)
      let statuses = [CompletionStatus.success, .linkDown]
      peer.reply(to: second.header, .linkDown, statuses.flatMap(\.encoded), count: 2)
    }
    let port = try lab.connection().open("np0", etherTypes: .eapol)
    try await port.withFrames { _, outbound in
      let frame = [UInt8](repeating: 0, count: 60)
      await #expect(throws: ClientError.refused(.sourceMismatch, .write)) {
        try await outbound.write(frame)
      }
      let statuses = try await outbound.write(contentsOf: [frame, frame])
      #expect(statuses == [.success, .linkDown])
      await #expect(throws: ClientError.self) {
        try await outbound.write([UInt8](repeating: 0, count: 200_000))
      }
    }
    lab.join()
  }

  @Test("frames that came before the daemon went are delivered, then its end is thrown")
  func hangUp() async throws {
    let lab = try AsyncLab { peer throws in
      let read = try peer.receive(.readBatch)
      try peer.receive(.readBatch)
      peer.reply(to: read.header, .success, ScriptedPeer.records([60, 61, 62]), count: 3)
    }
    let port = try lab.connection().open("np0", etherTypes: .eapol)
    var lengths: [Int] = []
    let error = await #expect(throws: ClientError.self) {
      try await port.withFrames { inbound, _ in
        for try await frame in inbound { lengths.append(frame.bytes.count) }
      }
    }
    #expect(lengths == [60, 61, 62] && error == .daemonGone)
    lab.join()
  }
}

@Suite("CapturedFrame")
struct CapturedFrameTests {
  private func frame(_ bytes: [UInt8]) -> CapturedFrame {
    CapturedFrame(timestampNanoseconds: 0, originalLength: bytes.count, flags: [], bytes: bytes)
  }

  @Test("header and payload of a frame, with a tag and without, and of too few bytes")
  func parts() {
    let addresses: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    let plain = frame(addresses + [0x88, 0x8E, 9, 8])
    #expect(plain.header?.source == MACAddress([7, 8, 9, 10, 11, 12]))
    #expect(plain.header?.etherType == 0x888E && plain.payload == [9, 8])
    let tagged = frame(addresses + [0x81, 0, 0x20, 42, 0x88, 0xCC, 7])
    #expect(tagged.header?.decidingVLAN == 42 && tagged.header?.etherType == 0x88CC)
    #expect(tagged.payload == [7])
    let short = frame([1, 2, 3])
    #expect(short.header == nil && short.payload.isEmpty)
  }
}
