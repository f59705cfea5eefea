import Glibc
import MDL
import NDIS
import NdisprotControl
import TestSupport
import Testing

@testable import NdisprotClient

/// The error of an operation, nil if it succeeded.
func failure<Value>(_ body: () throws -> Value) -> ClientError? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? ClientError
  }
}

@Suite("Connection", .timeLimit(.minutes(15)))
struct ConnectionTests {
  @Test("HELLO is the first message, and says which versions are spoken")
  func hello() throws {
    try withDaemon(
      greets: false,
      { peer throws in
        let message = try peer.receive()
        #expect(message.opcode == .hello)
        #expect(
          try HelloRequest(decoding: message.payload.span.bytes)
            == HelloRequest(features: ProtocolFeatures.all.rawValue))
        peer.reply(
          to: message.header, .success,
          HelloReply(version: 1, maximumMessageByteCount: 65_536, features: 0).encoded)
      },
      { connect throws in #expect(try connect().maximumMessageByteCount == 65_536) })
  }

  @Test("a daemon without a common version refuses")
  func noCommonVersion() throws {
    try withDaemon(
      greets: false,
      { peer throws in peer.reply(to: try peer.receive(.hello).header, .notSupported) },
      { connect throws in #expect(failure(connect) == .refused(.notSupported, .connect)) })
  }

  @Test("a daemon that takes no more sessions says so before it hangs up")
  func tooManySessions() throws {
    try withDaemon(
      greets: false,
      { peer throws in
        // The daemon does not read HELLO: its answer has id 0, and the hang-up is a reset.
        peer.reply(to: MessageHeader(.hello, id: 0), .tooManySessions)
        while peer.isSilent(milliseconds: 10) {}
        shutdown(peer.descriptor, Int32(SHUT_RDWR))
      },
      { connect throws in #expect(failure(connect) == .refused(.tooManySessions, .connect)) })
  }

  @Test("a read whose CANCEL times out too: what comes late is dropped and counted")
  func lateReplies() throws {
    try withDaemon(
      { peer throws in
        try peer.grantOpen()
        let read = try peer.receive(.read)
        let cancel = try peer.receive(.cancel)
        let next = try peer.receive(.enumerate)
        peer.reply(to: read.header, .success, ScriptedPeer.records([60]), count: 1)
        peer.reply(to: cancel.header, .notFound)
        let reply = EnumerateReply(generation: 1, entries: [], byteLimit: 1_024)
        peer.reply(to: next.header, .success, reply.encoded)
      },
      { connect throws in
        let connection = try connect()
        connection.cancelTimeout = .milliseconds(20)
        let binding = try connection.open("np0", etherTypes: .eapol)
        #expect(failure { try binding.read(timeout: .milliseconds(20)) } == .timedOut(.cancel))
        #expect(try connection.bindings().isEmpty)
        #expect(connection.lateReplyCount == 2)
        #expect(connection.takeParked(where: { _ in true }) == nil)
      })
  }

  @Test("a daemon that hangs up is gone")
  func gone() throws {
    try withDaemon(
      { _ in },
      { connect throws in
        let connection = try connect()
        #expect(failure { try connection.bindings() } == .daemonGone)
        #expect(failure { try connection.bindings() } == .daemonGone)
      })
  }

  /// What a daemon must not send, and what the client says of it.
  static let violations: [([UInt8], ViolationError)] = {
    var reply = MessageHeader(.enumerate, id: 2)
    reply.flags = MessageHeader.replyFlag
    func bytes(_ change: (inout MessageHeader) -> Void) -> [UInt8] {
      var header = reply
      change(&header)
      return header.encoded.indices.map { header.encoded[$0] }
    }
    return [
      ([1, 2, 3], .messageTooShort(byteCount: 3)),
      (bytes { $0.flags = 0 }, .noReplyBitInReply),
      (bytes { $0.flags = 5 }, .unknownFlags(4)),
      (bytes { $0.id = 77 }, .unexpectedReply(id: 77)),
      (bytes { $0.id = 1 }, .unexpectedReply(id: 1)),
      (bytes { _ in }, .malformedReply(opcode: 11)),
      ([2] + bytes { _ in }.dropFirst(), .unsupportedVersion(2)),
      ([UInt8](repeating: 0, count: 131_073), .messageTooLong(byteCount: 131_072)),
    ]
  }()

  @Test("what breaks the protocol ends the connection", arguments: violations)
  func violation(_ bytes: [UInt8], _ error: ViolationError) throws {
    try withDaemon(
      { peer throws in
        try peer.receive(.enumerate)
        peer.send(bytes)
      },
      { connect throws in
        let connection = try connect()
        #expect(failure { try connection.bindings() } == .protocolViolation(error))
        #expect(failure { try connection.bindings() } == .daemonGone)
      })
  }

  @Test("an event that nobody asked for is passed over")
  func event() throws {
    try withDaemon(
      { peer throws in
        let request = try peer.receive(.enumerate)
        let event = MessageHeader(.event, id: 0).encoded
        let shutdown = EventMessage(
          sequence: 1, lost: 0, timestamp: 1, kind: .shutdown, changeCount: 1, binding: nil)
        peer.send(event.indices.map { event[$0] } + shutdown.encoded)
        peer.reply(
          to: request.header, .success,
          EnumerateReply(generation: 1, entries: [], byteLimit: 1000).encoded)
      },
      { connect throws in #expect(try connect().bindings().isEmpty) })
  }

  @Test("a deadline beyond the wait of one receive is kept, whatever else comes")
  func longTimeout() throws {
    try withDaemon(
      { peer throws in
        _ = try peer.receive(.closeDevice)
        // Nobody asked for events: they are passed over, and must not prolong the wait.
        for _ in 0..<4 {
          peer.reply(to: MessageHeader(.event, id: 0), .success)
          usleep(100_000)
        }
        peer.reply(to: try peer.receive(.cancel).header, .notFound)
      },
      { connect throws in
        let connection = try connect()
        let start = ContinuousClock.now
        let error = failure {
          try connection.request(.closeDevice, .close, timeout: .milliseconds(1_100)) { _, _ in }
        }
        #expect(error == .timedOut(.close))
        #expect(ContinuousClock.now - start >= .milliseconds(1_100))
        #expect(try connection.cancel(99) == false)
      })
  }

  @Test("a request without an answer times out, and its late answer is passed over")
  func timeout() throws {
    try withDaemon(
      { peer throws in
        let first = try peer.receive(.closeDevice)
        let second = try peer.receive(.cancel)
        peer.reply(to: first.header)
        peer.reply(to: second.header, .notFound)
      },
      { connect throws in
        let connection = try connect()
        let error = failure {
          try connection.request(.closeDevice, .close, timeout: .milliseconds(20)) {
            _, _ throws(DecodeError) in
          }
        }
        #expect(error == .timedOut(.close))
        #expect(try connection.cancel(99) == false)
      })
  }

  @Test("an interruption ends a wait from another thread, until it is cleared")
  func interruption() throws {
    let interruption = try CancellationToken()
    try withDaemon(
      interruption: interruption,
      { peer throws in
        let wait = try peer.receive(.wait)
        interruption.raise()
        let cancel = try peer.receive(.cancel)
        #expect(try CancelRequest(decoding: cancel.payload.span.bytes).id == wait.header.id)
        peer.reply(to: wait.header, .cancelled)
        peer.reply(to: cancel.header)
        peer.reply(to: try peer.receive(.cancel).header, .notFound)
      },
      { connect throws in
        let connection = try connect()
        #expect(failure { try connection.wait(for: ["np0"], timeout: nil) } == .interrupted)
        #expect(failure { try connection.bindings() } == .interrupted)
        interruption.clear()
        #expect(try connection.cancel(99) == false)
      })
  }

  @Test("bindings come in pages, and an empty page ends them")
  func pages() throws {
    func entry(_ index: UInt32) -> BindingEntry {
      BindingEntry(
        interfaceIndex: index, state: .running, link: .connected, isPowered: true, mtu: 1500,
        openCount: 0, address: .zero, name: "np\(index)", description: "")
    }
    let pages = [[entry(2), entry(3)], [entry(9)], []]
    try withDaemon(
      { peer throws in
        for (page, after) in zip(pages, [UInt32(0), 3, 9]) {
          let message = try peer.receive(.enumerate)
          let wanted = try EnumerateRequest(decoding: message.payload.span.bytes)
          #expect(wanted.afterInterfaceIndex == after)
          var reply = EnumerateReply(generation: 1, entries: page, byteLimit: 1 << 16)
          reply.hasMore = true
          peer.reply(
            to: message.header, .success, reply.encoded, count: UInt32(page.count))
        }
      },
      { connect throws in #expect(try connect().bindings() == pages.flatMap(\.self)) })
  }

  @Test("an open that waits longer than the daemon lets it asks again for the rest")
  func openWaitsOn() throws {
    try withDaemon(
      { peer throws in
        let first = try peer.receive(.open)
        #expect(
          try OpenRequest(decoding: first.payload.span.bytes).waitMilliseconds == 60_000)
        peer.reply(to: first.header, .notReady)
        let second = try peer.receive(.open)
        #expect(
          try OpenRequest(decoding: second.payload.span.bytes).waitMilliseconds == 30_000)
        peer.reply(to: second.header, .notReady)
      },
      { connect throws in
        let connection = try connect()
        let error = failure {
          try connection.open("np0", etherTypes: .eapol, wait: .seconds(90))
        }
        #expect(error == .refused(.notReady, .open))
      })
  }

  @Test("wait names the interfaces and the milliseconds; the daemon's clock decides")
  func wait() throws {
    try withDaemon(
      { peer throws in
        let message = try peer.receive(.wait)
        #expect(
          try WaitRequest(decoding: message.payload.span.bytes)
            == WaitRequest(names: ["np0", "np1"], timeoutMilliseconds: 1500))
        peer.reply(to: message.header, .timedOut)
        let endless = try peer.receive(.wait)
        #expect(
          try WaitRequest(decoding: endless.payload.span.bytes).timeoutMilliseconds == 86_400_000)
        // A day is what the daemon allows: the client asks again.
        peer.reply(to: endless.header, .timedOut)
        let again = try peer.receive(.wait)
        peer.reply(to: again.header)
      },
      { connect throws in
        let connection = try connect()
        let error = failure {
          try connection.wait(for: ["np0", "np1"], timeout: .milliseconds(1500))
        }
        #expect(error == .refused(.timedOut, .wait))
        try connection.wait(for: [], timeout: nil)
      })
  }

  @Test("open sends what was asked and returns what was granted")
  func open() throws {
    try withDaemon(
      { peer throws in
        let message = try peer.receive(.open)
        let request = try OpenRequest(decoding: message.payload.span.bytes)
        #expect(
          request
            == OpenRequest(
              name: "np0", etherTypes: EtherTypeSet([0x88CC]), mode: .exclusive,
              flags: [.outgoing], queueByteCount: 4096, waitMilliseconds: 2500))
        peer.reply(to: message.header, .busy)
        try peer.grantOpen()
      },
      { connect throws in
        let connection = try connect()
        let error = failure {
          try connection.open(
            "np0", etherTypes: EtherTypeSet([0x88CC]), mode: .exclusive, flags: .outgoing,
            queueByteCount: 4096, wait: .milliseconds(2500))
        }
        #expect(error == .refused(.busy, .open))
        let binding = try connection.open("np0", etherTypes: .eapol)
        #expect(binding.name == "np0")
        #expect(binding.address == MACAddress([2, 0, 0, 0, 0, 1]))
        #expect(binding.maximumFrameByteCount == 1514)
      })
  }

  @Test(
    "A-10: a name that no interface can have is not found, and nobody is asked",
    arguments: ["", String(repeating: "a", count: 128), "np0\0", "a b", "a/b", ".."])
  func impossibleName(_ name: String) throws {
    try withDaemon(
      { peer throws in #expect(peer.isSilent(milliseconds: 20)) },
      { connect throws in
        let connection = try connect()
        let error = failure { try connection.open(name, etherTypes: .eapol) }
        #expect(error == .refused(.adapterNotFound, .open))
      })
  }

  @Test("the sample's requests carry its codes and its bytes")
  func sampleRequests() throws {
    try withDaemon(
      { peer throws in
        let wait = try peer.receive(.deviceControl)
        #expect(wait.header.code == 0x0012_C810 && wait.payload.isEmpty)
        peer.reply(to: wait.header)
        for index in 0..<2 as Range<UInt8> {
          let query = try peer.receive(.deviceControl)
          #expect(query.header.code == 0x0012_C80C)
          #expect(query.payload == [index] + [UInt8](repeating: 0, count: 19))
          let entry = QueryBinding(index: UInt32(index), name: "np0", description: "odd")
          let isLast = index == 1
          peer.reply(
            to: query.header, isLast ? .noMoreEntries : .success,
            isLast ? [] : entry.encoded(room: 1000))
        }
        let open = try peer.receive(.deviceControl)
        #expect(open.header.code == 0x0012_C800)
        #expect(open.payload == [0x6E, 0, 0x70, 0, 0x30, 0])
        let granted = OpenReply(
          mode: .shared, flags: [], queueByteCount: 1, interfaceIndex: 7,
          maximumFrameSize: 1500, address: .zero, etherTypes: .eapol, name: "np0")
        #expect(open.header.information >= granted.encoded.count)
        peer.reply(to: open.header, .success, granted.encoded)
      },
      { connect throws in
        let connection = try connect()
        try connection.bindWait()
        let first = try connection.queryBinding(0)
        #expect(first == QueryBinding(index: 0, name: "np0", description: "odd"))
        #expect(try connection.queryBinding(1) == nil)
        let binding = try connection.openDevice("np0")
        #expect(binding.name == "np0" && binding.granted.mode == .shared)
      })
  }

  @Test("statistics come in pages, and one that does not lead on ends them")
  func statistics() throws {
    let objects = (1...4).map { number in
      StatisticsObject(
        kind: .open, interfaceIndex: 17, id: number, name: "np0", readings: [.init(.rxFrames, 5)])
    }
    try withDaemon(
      { peer throws in
        for page in [objects[..<3], objects[3...], []] {
          let message = try peer.receive(.statistics)
          let wanted = try StatisticsRequest(decoding: message.payload.span.bytes)
          #expect(wanted.interfaceIndex == 17)
          #expect(wanted.after.id == page.first.map { $0.id - 1 } ?? 4)
          var reply = StatisticsReply(objects: page, byteLimit: 100_000)
          reply.hasMore = true
          peer.reply(to: message.header, .success, reply.encoded, count: UInt32(page.count))
        }
      },
      { connect throws in #expect(try connect().statistics(interfaceIndex: 17) == objects) })
  }
}
