import Glibc
import NDIS
import Ndisprot
import NdisprotControl
import Platform
import TestSupport
import Testing
import WDF

@testable import NdisprotServer

@Suite("Files and directory services that take long", .timeLimit(.minutes(15)))
struct LookupTests {
  /// A server whose configuration and users come when the test lets them.
  private func withServer(
    patienceMilliseconds: Int32 = Patience.milliseconds,
    _ body: (Server, ScriptedWire, String, _ isAsked: AutoResetEvent, _ mayAnswer: AutoResetEvent)
      throws -> Void
  ) throws {
    let (isAsked, mayAnswer) = (AutoResetEvent(), AutoResetEvent())
    try withScriptedServer(
      prepare: { environment, configuration in
        environment.loadConfiguration = { () throws(ConfigurationRefusal) in
          isAsked.set()
          _ = mayAnswer.wait(milliseconds: patienceMilliseconds)
          return configuration
        }
        environment.findUser = { _ in
          isAsked.set()
          _ = mayAnswer.wait(milliseconds: patienceMilliseconds)
          return Credentials(processID: 0, userID: getuid(), groupID: getgid(), groups: [])
        }
      }
    ) { server, wire, path in try body(server, wire, path, isAsked, mayAnswer) }
  }

  private var reload: [UInt8] { AdministrationRequest.reload.encoded }
  private var explain: [UInt8] {
    AdministrationRequest.explain(
      ExplainRequest(user: "61010", binding: "np0", etherType: 0x888E)
    ).encoded
  }

  @Test("while a reload or a name waits for a slow disk, others connect, ask, and are answered")
  func slow() throws {
    try withServer { _, wire, path, isAsked, mayAnswer in
      for slow in [reload, explain] {
        let waiting = try RawClient(path)
        let id = try waiting.send(.administration, slow)
        #expect(isAsked.wait(milliseconds: Patience.milliseconds))
        let other = try RawClient(path)
        #expect(try other.ask(.enumerate, EnumerateRequest().encoded).header.errno == 0)
        mayAnswer.set()
        let reply = try #require(try waiting.receive())
        #expect(reply.header.id == id && reply.header.errno == 0)
      }
    }
  }

  @Test("what is asked while a file is being read is one more reload, for all who asked")
  func queue() throws {
    try withServer { _, _, path, isAsked, mayAnswer in
      let clients = try (0..<4).map { _ in try RawClient(path) }
      let first = try clients[0].send(.administration, reload)
      #expect(isAsked.wait(milliseconds: Patience.milliseconds))
      let later = try clients.dropFirst().map { try $0.send(.administration, reload) }
      // Control has taken them all.
      for client in clients.dropFirst() {
        #expect(try client.ask(.cancel, CancelRequest(id: 99).encoded).header.errno != 0)
      }
      mayAnswer.set()
      #expect(try #require(try clients[0].receive()).header.id == first)
      #expect(isAsked.wait(milliseconds: Patience.milliseconds))
      mayAnswer.set()
      for (client, id) in zip(clients.dropFirst(), later) {
        #expect(try #require(try client.receive()).header.id == id)
      }
      #expect(!isAsked.wait(milliseconds: 0))
    }
  }

  @Test("a session has one question under way: a second is refused, a later one answered")
  func bounded() throws {
    try withServer { _, _, path, isAsked, mayAnswer in
      let client = try RawClient(path)
      for _ in 0..<3 {
        _ = try client.send(.administration, explain)
        #expect(isAsked.wait(milliseconds: Patience.milliseconds))
        let second = try client.send(.administration, explain)
        let refused = try #require(try client.receive())
        #expect(refused.header.id == second && refused.header.errno == UInt32(EDQUOT))
        mayAnswer.set()
        #expect(try #require(try client.receive()).header.errno == 0)
      }
    }
  }

  /// As many clients as one user may have questions.
  private func inquirers(_ path: String) throws -> [RawClient] {
    try (0..<Budgets.explainsOfUser).map { _ in
      let client = try RawClient(path)
      _ = try client.send(.administration, explain)
      // A CANCEL of nothing is answered when all before it was taken.
      #expect(try client.ask(.cancel, CancelRequest(id: 99).encoded).header.errno != 0)
      return client
    }
  }

  @Test("questions of clients, as many as may wait, do not keep the administrator from a reload")
  func reloadAhead() throws {
    try withServer { _, _, path, isAsked, mayAnswer in
      let (clients, administrator) = (try inquirers(path), try RawClient(path))
      #expect(isAsked.wait(milliseconds: Patience.milliseconds))
      let id = try administrator.send(.administration, reload)
      #expect(try administrator.ask(.enumerate, EnumerateRequest().encoded).header.errno == 0)
      mayAnswer.set()
      #expect(try #require(try clients[0].receive()).header.errno == 0)
      // It is the next, and was not refused.
      #expect(isAsked.wait(milliseconds: Patience.milliseconds))
      mayAnswer.set()
      let reply = try #require(try administrator.receive())
      #expect(reply.header.id == id)
      #expect(try ReloadReply(decoding: reply.payload.span.bytes).refusal.isEmpty)
      for client in clients.dropFirst() {
        mayAnswer.set()
        #expect(try #require(try client.receive()).header.errno == 0)
      }
    }
  }

  @Test(
    "a session that ends while its interface is replaced is closed when its last request completes")
  func replacedInterface() throws {
    try withServer { _, wire, path, isAsked, mayAnswer in
      let open = OpenRequest(name: "np0", etherTypes: EtherTypeSet([0x888E])).encoded
      let (leaving, other) = (try RawClient(path), try RawClient(path))
      wire.mayActivate.set()
      #expect(try leaving.ask(.open, open).header.errno == 0)
      _ = try leaving.send(.administration, explain)
      #expect(isAsked.wait(milliseconds: Patience.milliseconds))
      leaving.shutDown()
      func binding() -> BindingEntry? {
        guard let reply = try? other.ask(.enumerate, EnumerateRequest().encoded) else { return nil }
        let page = try? EnumerateReply(
          decoding: reply.payload.span.bytes, entryCount: reply.header.count)
        return page?.entries.first
      }
      // On the binding's thread the session has ended, and waits for its request.
      #expect(eventually { binding()?.openCount == 0 })
      wire.remove()
      #expect(eventually { binding() == nil })
      wire.add()
      #expect(eventually { binding() != nil })
      wire.mayActivate.set()
      #expect(try other.ask(.open, open).header.errno == 0)
      // What ends the first thread before its session has all this time for it.
      for _ in 0..<50 {
        let query = try other.ask(
          .deviceControl, OIDMessage(oid: .currentAddress).encoded,
          code: RequestCode.queryOIDValue.rawValue, information: 64)
        #expect(query.header.errno == 0)
      }
      mayAnswer.set()
      #expect(leaving.isHungUp())
    }
  }

  @Test("unloading waits for the question that is under way, and for none that waits behind it")
  func unloaded() throws {
    try withServer(patienceMilliseconds: 400) { _, _, path, isAsked, _ in
      let clients = try inquirers(path)
      #expect(isAsked.wait(milliseconds: Patience.milliseconds))
      withExtendedLifetime(clients) {}
    }
  }
}
