import NDIS
import Testing

@Suite(
  "Start, enumeration, bind-wait", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct BindingTests {
  @Test("A-1: when the daemon is ready, BIND_WAIT ends at once and ENUMERATE lists exactly np0")
  func readyMeansBound() throws {
    try Lab.run(Lab.Options(cables: 2)) { lab in
      let session = try lab.client.connect()
      let wait = try session.startControl(.bindWait)
      try session.settle()
      #expect(try session.reply(to: wait, seconds: 0).status == .success)

      let bindings = try #require(try session.enumerate().bindings)
      #expect(bindings.map(\.name) == ["np0"])
      let np0 = try #require(bindings.first)
      #expect(np0.state == BindingState.running.rawValue)
      #expect(np0.address == "02:00:00:00:00:01")
      #expect(np0.mtu == 1_500 && np0.power == 1 && np0.opens == 0)
    }
  }

  @Test("A-3: QUERY_BINDING lists two interfaces in bind order, then ends with noMoreEntries")
  func queryBindingInOrder() throws {
    try Lab.run(Lab.twoCables) { lab in
      let session = try lab.client.connect()
      for (index, name) in ["np0", "np2"].enumerated() {
        let reply = try session.queryBinding(index)
        #expect(reply.status == .success)
        #expect(reply.octets.bindingName == name)
        #expect(reply.information == reply.octets.count)
      }
      #expect(try session.queryBinding(2).status == .noMoreEntries)
      #expect(try session.queryBinding(0x7FFF_FFFF).status == .noMoreEntries)
    }
  }

  @Test(
    "A-4: QUERY_BINDING gives as much as there is room for, and says how much it needs",
    arguments: [
      (room: 19, status: CompletionStatus.bufferTooSmall, byteCount: 0, name: ""),
      (room: 20, status: .partialData, byteCount: 20, name: ""),
      (room: 28, status: .partialData, byteCount: 28, name: "np0"),
      (room: 1_000, status: .success, byteCount: 36, name: "np0"),
    ])
  func queryBindingRoom(
    room: Int, status: CompletionStatus, byteCount: Int, name: String
  ) throws {
    try Lab.run(Lab.Options(preparation: ["link set np0 alias odd"])) { lab in
      let reply = try lab.client.connect().queryBinding(0, room: room)
      #expect(reply.status == status)
      // 20, "np0" and its NUL, "odd" and its NUL, in UTF-16.
      #expect(reply.octets.count == byteCount && reply.information == byteCount)
      #expect(reply.octets.bindingName == name)
      if status != .success { #expect(reply.bytesNeeded == (room < 20 ? 20 : 36)) }
    }
  }

  @Test("A-5: an interface that is made later is bound, and whoever waited for it is told")
  func interfaceComesLater() throws {
    try Lab.run(Lab.Options(interfaces: ["np0", "np9"])) { lab in
      let session = try lab.client.connect()
      #expect(try session.enumerate().bindings?.map(\.name) == ["np0"])
      #expect(try session.wait(for: ["np9"], milliseconds: 50).status == .timedOut)

      let waiting = try session.startWait(for: ["np0", "np9"], milliseconds: 60_000)
      #expect(try session.isPending(waiting))
      try lab.ip("link add np9 type veth peer name np8")
      try lab.ip("link set np9 up")
      #expect(try session.reply(to: waiting).status == .success)
      #expect(try session.enumerate().bindings?.map(\.name) == ["np0", "np9"])
    }
  }

  @Test("A-6: an interface that is no Ethernet is refused by name, and np0 is not touched")
  func notEthernet() throws {
    try Lab.run(Lab.Options(interfaces: ["np0", "tun9"])) { lab in
      let session = try lab.client.open()
      try lab.ip("tuntap add dev tun9 mode tun")
      try eventually("a line about tun9") { try lab.daemon.log.contains("tun9 is not bound") }
      #expect(try session.enumerate().bindings?.map(\.name) == ["np0"])
      #expect(try session.write(Frame.outward()).status == .success)
      let other = try lab.client.connect()
      #expect(try other.open("tun9").status == .adapterNotFound)
    }
  }

  @Test("A-7: an interface that is down is bound with low power, and works as soon as it is up")
  func downAtStart() throws {
    try Lab.run(Lab.Options(preparation: ["link set np0 down"])) { lab in
      let session = try lab.client.connect()
      let np0 = try #require(try session.enumerate().bindings?.first)
      #expect(np0.name == "np0" && np0.power == 0)

      try lab.ip("link set np0 up")
      #expect(try session.open("np0").status == .success)
      try eventually("a carrier") { try session.enumerate().bindings?.first?.link == 1 }
      let far = lab.peer
      #expect(try session.write(Frame.outward()).status == .success)
      #expect(try far.receive(1) == [Frame.outward()])
    }
  }

  @Test("A-9: a live rename keeps the open, and enumeration shows the new name")
  func liveRename() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      try lab.ip("link set np0 name np9")
      try eventually("the new name") { try session.enumerate().bindings?.first?.name == "np9" }
      #expect(try session.write(Frame.outward()).status == .success)
      #expect(try far.receive(1) == [Frame.outward()])
      try far.send(Frame.make())
      #expect(try session.read().frames == [Frame.make()])
    }
  }

  @Test("the daemon runs with CAP_NET_RAW and nothing else")
  func oneCapability() throws {
    try Lab.run { lab in
      let daemon = try lab.daemon
      #expect(daemon.effectiveCapabilities == "0000000000002000")
    }
  }
}

extension ControlSession {
  /// The sample's QUERY_BINDING: index and four words that come back.
  func queryBinding(_ index: Int, room: Int = 1_024) throws -> Reply {
    let request = littleEndian(UInt32(index)) + String(repeating: "0", count: 32)
    return try control(.queryBinding, request, room: room)
  }
}

extension [UInt8] {
  /// The device name in QUERY_BINDING's output; its offset is at 4, its byte count at 8.
  fileprivate var bindingName: String {
    guard count >= 20, self[4] >= 20, count >= Int(self[4]) + Int(self[8]) else { return "" }
    let bytes = self[Int(self[4])..<(Int(self[4]) + Int(self[8]))]
    let units = stride(from: bytes.startIndex, to: bytes.endIndex, by: 2).map {
      UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
    }
    return String(decoding: units, as: UTF16.self)
  }
}
