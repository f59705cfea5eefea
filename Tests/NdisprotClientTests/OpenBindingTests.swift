import NDIS
import NdisprotControl
import Testing

@testable import NdisprotClient

@Suite("OpenBinding", .timeLimit(.minutes(15)))
struct OpenBindingTests {
  @Test("A-21: read asks for one frame and returns its bytes")
  func read() throws {
    try withOpenBinding(
      { peer throws in
        let message = try peer.receive(.read)
        #expect(message.header.information == 1514)
        peer.reply(
          to: message.header, .success, ScriptedPeer.records([60], from: 9), count: 1)
      },
      { binding throws in
        let frame = try binding.read(byteLimit: 1514)
        #expect(frame.bytes == [UInt8](repeating: 9, count: 60))
        #expect(frame.timestampNanoseconds == 7)
        #expect(frame.originalLength == 60)
      })
  }

  @Test("a priority is asked for with OPEN, of a daemon that has it, and is no more than 15")
  func priority() throws {
    func open(_ features: ProtocolFeatures, _ priority: UInt8) throws -> ClientError? {
      var refusal: ClientError?
      try withDaemon(
        greets: false,
        { peer throws in
          let hello = try peer.receive(.hello)
          peer.reply(
            to: hello.header, .success,
            HelloReply(
              version: 1, maximumMessageByteCount: 131_072, features: features.rawValue
            ).encoded)
          if features.contains(.priorities), priority <= 15 { try peer.grantOpen() }
        },
        { connect in
          let connection = try connect()
          refusal = failure {
            let binding = try connection.open(
              "np0", etherTypes: .eapol, flags: .anySource, priority: priority)
            #expect(binding.granted.flags == [.anySource, .priority(priority)])
          }
        })
      return refusal
    }
    #expect(try open(.priorities, 6) == nil)
    #expect(try open(.priorities, 16) == .refused(.invalidParameter, .open))
    #expect(try open([.reasons], 6)?.status == .notSupported)
    #expect(try open([.reasons], 16) == .refused(.invalidParameter, .open))
  }

  @Test("a read whose time is over is cancelled")
  func readTimesOut() throws {
    try withOpenBinding(
      { peer throws in
        let read = try peer.receive(.read)
        let cancel = try peer.receive(.cancel)
        #expect(
          try CancelRequest(decoding: cancel.payload.span.bytes).id == read.header.id)
        peer.reply(to: read.header, .cancelled)
        peer.reply(to: cancel.header)
      },
      { binding throws in
        #expect(failure { try binding.read(timeout: .milliseconds(10)) } == .timedOut(.read))
      })
  }

  @Test("a frame that came while its read was being cancelled is not lost")
  func readRacesItsCancellation() throws {
    try withOpenBinding(
      { peer throws in
        let read = try peer.receive(.read)
        let cancel = try peer.receive(.cancel)
        peer.reply(to: read.header, .success, ScriptedPeer.records([60]), count: 1)
        peer.reply(to: cancel.header, .notFound)
      },
      { binding throws in #expect(try binding.read(timeout: .milliseconds(10)).bytes.count == 60) })
  }

  @Test("A-57: a read of a binding that goes ends with the daemon's reason")
  func adapterRemoved() throws {
    try withOpenBinding(
      { peer throws in peer.reply(to: try peer.receive(.read).header, .adapterRemoved) },
      { binding throws in
        #expect(failure { try binding.read() } == .refused(.adapterRemoved, .read))
      })
  }

  @Test("A-27: a frame that is too long stays, and its length is told")
  func messageTooLong() throws {
    try withOpenBinding(
      { peer throws in
        peer.reply(to: try peer.receive(.read).header, .messageTooLong, bytesNeeded: 60)
      },
      { binding throws in
        #expect(
          failure { try binding.read(byteLimit: 20) }
            == .refused(.messageTooLong, .read, bytesNeeded: 60))
      })
  }

  @Test("A-38: readBatch lends every frame of one message")
  func readBatch() throws {
    try withOpenBinding(
      { peer throws in
        let message = try peer.receive(.readBatch)
        #expect(message.header.count == 8)
        #expect(message.header.information == 131_072 - 40)
        peer.reply(
          to: message.header, .success, ScriptedPeer.records([60, 61, 62]), count: 3)
      },
      { binding throws in
        var lengths: [Int] = []
        let count = try binding.readBatch(frameLimit: 8) { lengths.append($0.frame.byteCount) }
        #expect(count == 3)
        #expect(lengths == [60, 61, 62])
      })
  }

  @Test("A-40: write sends one record")
  func write() throws {
    try withOpenBinding(
      { peer throws in
        let message = try peer.receive(.write)
        #expect(message.header.count == 1)
        #expect(
          message.payload
            == [3, 0, 0, 0, 3, 0, 0, 0] + [UInt8](repeating: 0, count: 16) + [
              0xAA, 0xBB, 0xCC, 0, 0, 0, 0, 0,
            ])
        peer.reply(to: message.header, information: 3)
      },
      { binding throws in
        let frame: [UInt8] = [0xAA, 0xBB, 0xCC]
        try binding.write(frame.span.bytes)
      })
  }

  @Test("A-41: a frame that is too long is refused with the limit")
  func writeTooLong() throws {
    try withOpenBinding(
      { peer throws in
        peer.reply(to: try peer.receive(.write).header, .frameTooLong, bytesNeeded: 1514)
      },
      { binding throws in
        for byteCount in [1515, 200_000] {
          // What no message holds is refused here, with the same words.
          let frame = [UInt8](repeating: 0, count: byteCount)
          #expect(
            failure { try binding.write(frame.span.bytes) }
              == .refused(.frameTooLong, .write, bytesNeeded: 1514))
        }
      })
  }

  @Test("writeBatch returns what became of each frame")
  func writeBatch() throws {
    let statuses: [CompletionStatus] = [.success, .sourceMismatch, .success]
    try withOpenBinding(
      { peer throws in
        let message = try peer.receive(.writeBatch)
        #expect(message.header.count == 3)
        peer.reply(
          to: message.header, .sourceMismatch, statuses.flatMap(\.encoded), count: 3,
          information: 120)
        peer.reply(to: try peer.receive(.writeBatch).header, .bindingGone)
      },
      { binding throws in
        let frames = [[UInt8]](repeating: [UInt8](repeating: 0, count: 60), count: 3)
        #expect(try binding.writeBatch(frames) == statuses)
        #expect(failure { try binding.writeBatch(frames) } == .refused(.bindingGone, .write))
        #expect(try binding.writeBatch([]) == [])
      })
  }

  @Test("query and set carry the sample's codes and bytes")
  func oids() throws {
    try withOpenBinding(
      { peer throws in
        let query = try peer.receive(.deviceControl)
        #expect(query.header.code == 0x0012_C804)
        #expect(query.header.information == 1032)
        #expect(query.payload == [2, 1, 1, 1, 0, 0, 0, 0])
        peer.reply(to: query.header, .success, query.payload + [2, 0, 0, 0, 0, 1])
        let set = try peer.receive(.deviceControl)
        #expect(set.header.code == 0x0012_C814)
        #expect(set.payload == [0x0E, 1, 1, 0, 0, 0, 0, 0, 0x0B, 0, 0, 0])
        peer.reply(to: set.header, .oidNotSettable)
      },
      { binding throws in
        #expect(try binding.query(.currentAddress) == [2, 0, 0, 0, 0, 1])
        let error = failure { try binding.set(.currentPacketFilter, [0x0B, 0, 0, 0]) }
        #expect(error == .refused(.oidNotSettable, .set))
        #expect(error?.status?.name(in: .set) == "oidNotSettable")
      })
  }

  @Test("a query whose room was too small is asked again with the room that was named")
  func queryAgain() throws {
    try withOpenBinding(
      { peer throws in
        let first = try peer.receive(.deviceControl)
        peer.reply(to: first.header, .bufferTooSmall, bytesNeeded: 4008)
        let second = try peer.receive(.deviceControl)
        #expect(second.header.information == 4008)
        peer.reply(
          to: second.header, .success, second.payload + [UInt8](repeating: 7, count: 4000))
      },
      { binding throws in #expect(try binding.query(.supportedList).count == 4000) })
  }

  @Test("close ends the open and not the session")
  func close() throws {
    try withOpenBinding(
      { peer throws in
        peer.reply(to: try peer.receive(.closeDevice).header)
        peer.reply(to: try peer.receive(.read).header, .notAssociated)
        try peer.grantOpen()
      },
      { binding throws in
        try binding.close()
        #expect(failure { try binding.read() } == .refused(.notAssociated, .read))
        _ = try binding.connection.open("np0", etherTypes: .eapol)
      })
  }
}
