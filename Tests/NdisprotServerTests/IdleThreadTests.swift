import Glibc
import NDIS
import Ndisprot
import NdisprotControl
import Platform
import TestSupport
import Testing
import WDF

@testable import NdisprotServer

@Suite("The threads of bindings, and when they end", .timeLimit(.minutes(15)))
struct IdleThreadTests {
  private static let eapol = OpenRequest(name: "np0", etherTypes: EtherTypeSet([0x888E])).encoded

  /// A server whose reload asks for another receive ring, so that an idle thread is made anew.
  private func withOtherRing(_ body: (ScriptedWire, String) throws -> Void) throws {
    try withScriptedServer(prepare: { environment, configuration in
      environment.loadConfiguration = {
        var other = configuration
        other.bindings[0].receiveRingByteCount = 2 << 20
        return other
      }
    }) { _, wire, path in try body(wire, path) }
  }

  @Test("a thread that a reload ended leaves no timer that ends the next one under its sessions")
  func reloaded() throws {
    try withOtherRing { wire, path in
      let (first, second) = (try RawClient(path), try RawClient(path))
      wire.mayActivate.set()
      #expect(try first.ask(.open, Self.eapol).header.errno == 0)
      #expect(try first.ask(.closeDevice).header.errno == 0)
      // The thread of the binding is idle, and ends a second from now.
      let reload = try first.ask(.administration, AdministrationRequest.reload.encoded)
      #expect(reload.header.errno == 0)
      wire.mayActivate.set()
      for client in [first, second] {
        #expect(try client.ask(.open, Self.eapol).header.errno == 0)
      }
      // Nothing tells that the timer of the first thread is over.
      usleep(1_200_000)
      for client in [first, second] {
        let query = try client.ask(
          .deviceControl, OIDMessage(oid: .currentAddress).encoded,
          code: RequestCode.queryOIDValue.rawValue, information: 64)
        #expect(query.header.errno == 0)
      }
    }
  }

  @Test(
    "a binding whose thread cannot start gives back the memory of its rings, and can be opened later"
  )
  func notStarted() throws {
    try withScriptedServer { server, wire, path in
      let client = try RawClient(path)
      let used = server.core.budgets.uses.map(\.used)
      for _ in 0..<3 {
        server.core.framework.framework.failCreate(after: 0)
        #expect(try client.ask(.open, Self.eapol).header.errno == UInt32(ENOMEM))
        #expect(server.core.budgets.uses.map(\.used) == used)
      }
      wire.mayActivate.set()
      #expect(try client.ask(.open, Self.eapol).header.errno == 0)
    }
  }

  @Test(
    "what a reload changed of a binding in use holds for whoever opens it when the last has gone")
  func outdated() throws {
    try withOtherRing { wire, path in
      let client = try RawClient(path)
      func open() throws -> UInt32 {
        wire.mayActivate.set()
        let reply = try client.ask(.open, Self.eapol)
        #expect(reply.header.errno == 0)
        return try OpenReply(decoding: reply.payload.span.bytes).queueByteCount
      }
      #expect(try open() == 1 << 20)
      let reload = try client.ask(.administration, AdministrationRequest.reload.encoded)
      #expect(reload.header.errno == 0)
      #expect(try client.ask(.closeDevice).header.errno == 0)
      #expect(try open() == 2 << 20)
    }
  }
}
