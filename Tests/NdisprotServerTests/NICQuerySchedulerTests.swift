import Glibc
import NDIS
import Ndisprot
import NdisprotControl
import Platform
import TestSupport
import Testing
import WDF

@testable import NdisprotServer

@Suite("The kernel thread", .timeLimit(.minutes(15)))
struct NICQuerySchedulerTests {
  private static let noTypes = OpenRequest(name: "np0", etherTypes: .empty).encoded
  private static let eapol = OpenRequest(name: "np0", etherTypes: EtherTypeSet([0x888E])).encoded

  private func open(_ path: String, _ request: [UInt8] = noTypes) throws -> RawClient {
    let client = try RawClient(path)
    try #require(try client.ask(.open, request).header.errno == 0)
    return client
  }

  private func errno(_ client: RawClient) throws -> UInt32 {
    try #require(try client.receive()).header.errno
  }

  @Test("a driver that does not answer holds up nobody but those who asked for it")
  func hanging() throws {
    try withScriptedServer { server, wire, path in
      wire.card.script.withLock { $0.isHeld = true }
      let asker = try open(path)
      let id = try asker.sendQuery(.linkSpeed)
      #expect(wire.card.isAsked.wait(milliseconds: Patience.milliseconds))
      // The same session, and another on the same thread, are answered meanwhile.
      let second = try asker.sendQuery(.currentAddress)
      #expect(try #require(try asker.receive()).header.id == second)
      let other = try open(path)
      #expect(try other.ask(.enumerate, EnumerateRequest().encoded).header.errno == 0)
      wire.card.script.withLock {
        $0.isHeld = false
        $0.facts.link.bitsPerSecond = 1_000_000_000
      }
      wire.card.mayAnswer.set()
      let reply = try #require(try asker.receive())
      #expect(reply.header.id == id && reply.header.errno == 0)
      #expect(Array(reply.payload.suffix(4)) == [0x80, 0x96, 0x98, 0])
    }
  }

  @Test("what is asked while the driver hangs is one more question, however many ask")
  func merged() throws {
    try withScriptedServer { _, wire, path in
      wire.card.script.withLock { $0.isHeld = true }
      let first = try open(path)
      _ = try first.sendQuery(.linkSpeed)
      #expect(wire.card.isAsked.wait(milliseconds: Patience.milliseconds))
      let others = try (0..<4).map { _ in try open(path) }
      for client in others { for _ in 0..<8 { _ = try client.sendQuery(.rcvOK) } }
      for client in others {
        // A CANCEL of nothing is answered when all before it was taken.
        #expect(try client.ask(.cancel, CancelRequest(id: 99).encoded).header.errno != 0)
      }
      wire.card.script.withLock { $0.isHeld = false }
      wire.card.mayAnswer.set()
      #expect(try errno(first) == 0)
      for client in others { for _ in 0..<8 { #expect(try errno(client) == 0) } }
      #expect(wire.card.script.withLock { $0.askedCount } <= 3)
    }
  }

  @Test(
    "a question that takes too long ends as timed out, is counted, and its late answer is dropped")
  func deadline() throws {
    try withScriptedServer(deadlineNanoseconds: 3_000_000_000) { _, wire, path in
      wire.card.script.withLock { $0.isHeld = true }
      let client = try open(path)
      let id = try client.sendQuery(.linkState)
      let reply = try #require(try client.receive())
      #expect(reply.header.id == id && reply.header.errno == UInt32(ETIMEDOUT))
      #expect(reply.payload.isEmpty)
      let statistics = try client.ask(.statistics, StatisticsRequest().encoded)
      let page = try StatisticsReply(
        decoding: statistics.payload.span.bytes, objectCount: statistics.header.count)
      let binding = try #require(page.objects.first { $0.kind == .binding })
      #expect(binding[.oidAsked] == 1 && binding[.oidTimedOut] == 1)
      wire.card.script.withLock { $0.isHeld = false }
      wire.card.mayAnswer.set()
      let next = try client.sendQuery(.linkState)
      let late = try #require(try client.receive())
      #expect(late.header.id == next && late.header.errno == 0)
    }
  }

  @Test("a kernel that hangs is told of once, however many questions about the card time out")
  func toldOnce() throws {
    try withScriptedServer(deadlineNanoseconds: 50_000_000) { _, wire, path in
      wire.card.script.withLock { $0.isHeld = true }
      let client = try open(path)
      for _ in 0..<3 {
        _ = try client.sendQuery(.linkState)
        #expect(try errno(client) == UInt32(ETIMEDOUT))
      }
      func hangs() -> Int {
        wire.logged.withLock { $0.count { $0.contains("the kernel has not answered") } }
      }
      #expect(hangs() == 1)
      // The next time is told of again.
      wire.card.mayAnswer.set()
      #expect(eventually { wire.card.script.withLock { $0.askedCount } == 2 })
      _ = try client.sendQuery(.linkState)
      #expect(try errno(client) == UInt32(ETIMEDOUT))
      #expect(hangs() == 2)
      wire.card.script.withLock { $0.isHeld = false }
      wire.card.mayAnswer.set()
    }
  }

  @Test(
    "D-52: a question can be cancelled, ends with its session, and a pause does not wait for it")
  func cancelled() throws {
    try withScriptedServer { _, wire, path in
      wire.mayActivate.set()
      wire.card.script.withLock { $0.isHeld = true }
      let client = try open(path, Self.eapol)
      let id = try client.sendQuery(.rcvOK)
      #expect(wire.card.isAsked.wait(milliseconds: Patience.milliseconds))
      let pause = try RawClient(path).ask(
        .administration, AdministrationRequest.pause(interfaceIndex: 7).encoded)
      #expect(pause.header.errno == 0)
      let cancel = try client.send(.cancel, CancelRequest(id: id).encoded)
      let ended = try #require(try client.receive())
      #expect(ended.header.id == id && ended.header.errno == UInt32(ECANCELED))
      #expect(try #require(try client.receive()).header.id == cancel)
      // One more, whose open ends under it.
      let last = try client.sendQuery(.rcvOK)
      let close = try client.send(.closeDevice)
      let closed = try [client.receive(), client.receive()].compactMap(\.self)
      #expect(closed.map(\.header.id) == [last, close])
      #expect(closed.map(\.header.errno) == [UInt32(ECANCELED), 0])
      wire.card.script.withLock { $0.isHeld = false }
      wire.card.mayAnswer.set()
    }
  }

  @Test(
    "D-52: an unbind ends every question of its opens, once, whatever the driver does",
    arguments: [noTypes, eapol])
  func unbound(request: [UInt8]) throws {
    try withScriptedServer { _, wire, path in
      wire.mayActivate.set()
      wire.card.script.withLock { $0.isHeld = true }
      let client = try open(path, request)
      let ids = try (0..<3).map { _ in try client.sendQuery(.rcvOK) }
      #expect(wire.card.isAsked.wait(milliseconds: Patience.milliseconds))
      // The daemon has them all: what it is told behind them is answered.
      let mark = try client.send(.cancel, CancelRequest(id: 99).encoded)
      #expect(try #require(try client.receive()).header.id == mark)
      wire.remove()
      for id in ids {
        let reply = try #require(try client.receive())
        #expect(reply.header.id == id && reply.header.errno == UInt32(ENODEV))
        #expect(reply.header.ndisStatus == NDISStatus.adapterRemoved.rawValue)
      }
      wire.card.script.withLock { $0.isHeld = false }
      wire.card.mayAnswer.set()
      // Nothing more comes for them.
      let after = try client.send(.cancel, CancelRequest(id: 99).encoded)
      #expect(try #require(try client.receive()).header.id == after)
    }
  }

  @Test("an interface whose driver cannot be named in time is bound without, and named later")
  func unnamed() throws {
    try withScriptedServer(deadlineNanoseconds: 200_000_000, isIdentityHeld: true) {
      _, wire, path in
      let client = try open(path)
      func driver() throws -> [UInt8] {
        _ = try client.sendQuery(.vendorDescription)
        return Array(try #require(try client.receive()).payload.dropFirst(8))
      }
      #expect(try driver() == [0])
      wire.card.mayAnswer.set()
      #expect(eventually { (try? driver()) == Array("scripted".utf8) + [0] })
    }
  }
}
