import MDL
import NDIS
import NdisprotControl
import TestSupport
import Testing

@testable import NdisprotClient

@Suite("EventReader and EventSequence", .timeLimit(.minutes(15)))
struct EventReaderTests {
  @Test("events come in order, between and before replies, and then the daemon's hang-up is thrown")
  func sequence() async throws {
    let lab = try AsyncLab(expectsOpen: false) { peer throws in
      let subscribe = try peer.receive(.subscribe)
      #expect(subscribe.payload == SubscribeRequest(interfaceIndex: 17).encoded)
      peer.reply(to: subscribe.header)
      for number: UInt64 in 1...200 { peer.send(event: number) }
    }
    var numbers: [UInt64] = []
    var end: ClientError?
    do throws(ClientError) {
      for try await event in try EventSequence(lab.connection(), interfaceIndex: 17) {
        numbers.append(event.sequence)
      }
    } catch {
      end = error
    }
    #expect(numbers == Array(1...200))
    #expect(end == .daemonGone)
    lab.join()
  }

  @Test("events that come with other replies wait for the reader; of too many the oldest are lost")
  func beside() throws {
    let lab = try AsyncLab(expectsOpen: false) { peer throws in
      peer.reply(to: try peer.receive(.subscribe).header)
      let enumerate = try peer.receive(.enumerate)
      for number: UInt64 in 1...1_030 { peer.send(event: number) }
      peer.reply(
        to: enumerate.header, .success,
        EnumerateReply(generation: 1, entries: [], byteLimit: 1_000).encoded)
      // The client hangs up.
      #expect(throws: ScriptedPeer.ScriptError.self) { try peer.receive() }
    }
    do {
      let connection = try lab.connection()
      let events = try EventReader(connection)
      #expect(try connection.bindings().isEmpty)
      var taken: [EventMessage] = []
      while let event = try events.next(by: Deadline(after: .milliseconds(50))) {
        taken.append(event)
      }
      #expect(taken.map(\.sequence) == Array(7...1_030))
      #expect(taken.map(\.lost) == [6] + [UInt64](repeating: 0, count: 1_023))
    }
    lab.join()
  }
}

extension ScriptedPeer {
  /// Sends an event, which answers nothing.
  fileprivate func send(event sequence: UInt64) {
    let event = EventMessage(
      sequence: sequence, lost: 0, timestamp: sequence, kind: .shutdown, changeCount: 1,
      binding: nil)
    let header = MessageHeader(.event, id: 0).encoded
    send(header.indices.map { header[$0] } + event.encoded)
  }
}
