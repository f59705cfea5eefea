import Glibc
import NDIS
import Ndisprot
import NdisprotControl
import Platform
import TestSupport
import Testing

@testable import NdisprotServer

@Suite("callbacks of a binding, in any order", .timeLimit(.minutes(15)))
struct BindingCallbackTests {
  private var openRequest: [UInt8] {
    OpenRequest(name: "np0", etherTypes: EtherTypeSet([0x888E])).encoded
  }

  private func entry(_ client: RawClient) throws -> BindingEntry {
    let reply = try client.ask(.enumerate, EnumerateRequest().encoded)
    let page = try EnumerateReply(
      decoding: reply.payload.span.bytes, entryCount: reply.header.count)
    return try #require(page.entries.first)
  }

  private static let frame: [UInt8] =
    [0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x88, 0x8E] + [UInt8](repeating: 1, count: 46)

  @Test("wdf T107: an open that takes long holds up nobody else, and status during it is heard")
  func slowOpen() throws {
    try withScriptedServer { _, wire, path in
      let opener = try RawClient(path)
      let openID = try opener.send(.open, openRequest)
      let readID = try opener.send(.read, information: 1_518)
      #expect(wire.isActivating.wait(milliseconds: Patience.milliseconds))
      // The starter waits on the binding's thread and holds no lock: control answers all the while.
      let other = try RawClient(path)
      #expect(try entry(other).mtu == 1_500)
      wire.announce {
        $0.mtu = 9_000
        $0.link = .disconnected
      }
      #expect(eventually { (try? entry(other))?.mtu == 9_000 })
      #expect(try entry(other).link == .disconnected)
      wire.announce { $0.mtu = 1_500 }
      // Mailed to the binding's thread, which the activation has: nothing is received before it ends.
      wire.deliver(Self.frame)
      wire.mayActivate.set()
      wire.mayActivate.set()
      let opened = try #require(try opener.receive())
      #expect(opened.header.id == openID && opened.header.errno == 0)
      let read = try #require(try opener.receive())
      #expect(read.header.id == readID && read.header.errno == 0)
      #expect(Array(read.payload.suffix(64).prefix(Self.frame.count)) == Self.frame)
    }
  }

  @Test("a kernel that cannot bypass the queueing discipline is one log line with its remedy")
  func bypassRefused() throws {
    try withScriptedServer(bypassesQdisc: true) { _, wire, path in
      wire.mayActivate.set()
      let client = try RawClient(path)
      #expect(try client.ask(.open, openRequest).header.errno == 0)
      let line =
        "np0: frames do not bypass the queueing discipline: setsockopt(PACKET_QDISC_BYPASS): "
        + "Protocol not available. They go through it. Remove bypass_qdisc from the [[binding]], or "
        + "use a kernel that has PACKET_QDISC_BYPASS"
      #expect(eventually { wire.logged.withLock { $0.filter { $0 == line }.count == 1 } })
    }
  }

  @Test("a priority that the kernel refuses is explained; without the feature it is a wrong flag")
  func priority() throws {
    try withScriptedServer { _, wire, path in
      wire.mayActivate.set()
      let urgent = OpenRequest(
        name: "np0", etherTypes: EtherTypeSet([0x888E]), flags: .priority(7)
      ).encoded
      let client = try RawClient(path)
      let refused = try client.ask(.open, urgent)
      #expect(refused.header.completion == .notPermitted)
      let cause =
        "the kernel does not let the daemon send with priority 7: setsockopt(SO_PRIORITY): "
        + "Operation not permitted. Ask for 0 to 6: before Linux 5.17 those above need ndisprotd "
        + "--net-admin"
      #expect(String(decoding: refused.payload, as: UTF8.self) == cause)
      #expect(wire.logged.withLock { $0.contains("np0 cannot be opened: " + cause) })
      #expect(try client.ask(.open, openRequest).header.errno == 0)
      let old = try RawClient(path, features: ProtocolFeatures.all.subtracting(.priorities))
      #expect(try old.ask(.open, urgent).header.completion == .invalidParameter)
    }
  }

  @Test("wdf T107: a binding that nobody unbound is unbound by deregistering, each request once")
  func forgotten() throws {
    try withScriptedServer { server, wire, path in
      wire.mayActivate.set()
      let client = try RawClient(path)
      #expect(try client.ask(.open, openRequest).header.errno == 0)
      let ids = try (0..<5).map { _ in try client.send(.read, information: 1_518) }
      // A CANCEL of nothing is answered when all before it was taken.
      #expect(try client.ask(.cancel, CancelRequest(id: 99).encoded).header.errno != 0)
      #expect(server.stop() == nil)
      var ended: [UInt64] = []
      while let reply = try client.receive() {
        #expect(reply.header.errno == UInt32(ECANCELED))
        ended.append(reply.header.id)
      }
      #expect(ended == ids)
    }
  }
}
