import MDL
import NDIS
import NdisprotControl
import Testing

@Suite("golden bytes, both ways")
struct GoldenBytesTests {
  @Test("the header has the bytes of the drawing")
  func header() throws {
    var header = MessageHeader(.readBatch, id: 0x1122_3344_5566_7788)
    header.flags = MessageHeader.replyFlag
    header.completion = CompletionStatus(.bufferOverflow, .bufferTooShort, 105)
    header.information = 123_456
    header.bytesNeeded = 1514
    header.count = 7
    #expect(header.encoded.array == Golden.header)
    #expect(try Golden.header.decoded(MessageHeader.init(decodingReply:)) == header)
    #expect(header.completion.ndisStatus == .bufferTooShort)
  }

  @Test("HELLO")
  func hello() throws {
    let request = HelloRequest(
      minimumVersion: 1, maximumVersion: 3, features: 0x8000_0000_0000_0002)
    #expect(request.encoded == Golden.helloRequest)
    #expect(try Golden.helloRequest.decoded(HelloRequest.init(decoding:)) == request)
    let reply = HelloReply(version: 1, maximumMessageByteCount: 131_072, features: 1)
    #expect(reply.encoded == Golden.helloReply)
    #expect(try Golden.helloReply.decoded(HelloReply.init(decoding:)) == reply)
  }

  @Test("OPEN")
  func open() throws {
    let request = OpenRequest(
      name: "np0", etherTypes: EtherTypeSet([0x888E, 0x88B5]), mode: .shared,
      flags: [.anySource, .failOnTruncation], queueByteCount: 1 << 20, waitMilliseconds: 4500)
    #expect(request.encoded == Golden.openRequest)
    #expect(try Golden.openRequest.decoded(OpenRequest.init(decoding:)) == request)
    let reply = OpenReply(
      mode: .exclusive, flags: .compat, queueByteCount: 4 << 20, interfaceIndex: 17,
      maximumFrameSize: 1500, address: MACAddress([2, 0, 0, 0, 0, 0xAA]),
      etherTypes: EtherTypeSet([0xFFFF]), name: "np0")
    #expect(reply.encoded == Golden.openReply)
    #expect(try Golden.openReply.decoded(OpenReply.init(decoding:)) == reply)
  }

  @Test("OPEN with a priority: bits 8 to 11 of the flags; what is above them is refused")
  func openWithPriority() throws {
    let request = OpenRequest(
      name: "np0", etherTypes: EtherTypeSet([0x888E, 0x88B5]), mode: .shared,
      flags: [.anySource, .failOnTruncation, .priority(11)], queueByteCount: 1 << 20,
      waitMilliseconds: 4500)
    var bytes = Golden.openRequest
    bytes[5] = 11
    #expect(request.encoded == bytes && request.flags.priority == 11)
    #expect(try bytes.decoded(OpenRequest.init(decoding:)) == request)
    bytes[5] = 16
    #expect(throws: DecodeError.invalidValue) { try bytes.decoded(OpenRequest.init(decoding:)) }
  }

  @Test("ADMINISTRATION, objects")
  func objects() throws {
    let request = AdministrationRequest.objects(cursor: 7)
    #expect(request.encoded == Golden.objectsRequest)
    #expect(
      try Golden.objectsRequest.decoded(AdministrationRequest.init(decoding:)) == request)
    var entry = ObjectEntry(
      id: 2 << 32 | 8, parent: nil, age: 1_000_000_000, pinCount: 3, kind: "queue", name: "née",
      state: "created", site: "a:1")
    entry.contexts = ["T"]
    entry.holders = [ObjectEntry.Holder(tag: "me", age: 2)]
    entry.history = [ObjectEntry.PastState(state: "", threadID: 42, age: 5)]
    let reply = try Golden.objectsReply.decoded { payload throws(DecodeError) in
      try ObjectsReply(decoding: payload, entryCount: 1)
    }
    #expect(reply.next == 9)
    #expect(reply.entries == [entry])
    #expect(reply.encoded == Golden.objectsReply)
  }

  @Test("a page of objects holds whole ones, and leads to the next")
  func objectPages() {
    let entries = (1...5).map {
      ObjectEntry(
        id: 7 << 32 | UInt64($0), parent: 0, age: 0, pinCount: 1, kind: "general", name: "\($0)",
        state: "created", site: "")
    }
    let byteCount = entries[0].encoded.count
    let page = ObjectsReply(entries: entries, byteLimit: 8 + 3 * byteCount + 1)
    #expect(page.entries.map(\.name) == ["1", "2", "3"] && page.next == 4)
    let last = ObjectsReply(entries: Array(entries[3...]), byteLimit: 8 + 2 * byteCount)
    #expect(last.entries.count == 2 && last.next == 0)
    #expect(ObjectsReply(entries: entries, byteLimit: 8).entries.isEmpty)
  }

  @Test("ADMINISTRATION, reload and explain")
  func policy() throws {
    #expect(AdministrationRequest.reload.encoded == Golden.reloadRequest)
    var reload = ReloadReply(refusal: "no")
    (reload.ruleCount, reload.changedCount, reload.closedCount) = (3, 2, 1)
    reload.unboundCount = 4
    #expect(reload.encoded == Golden.reloadReply)
    #expect(try Golden.reloadReply.decoded(ReloadReply.init(decoding:)) == reload)
    let question = AdministrationRequest.explain(
      ExplainRequest(user: "ab", binding: "np0", etherType: 0x88CC))
    #expect(question.encoded == Golden.explainRequest)
    #expect(try Golden.explainRequest.decoded(AdministrationRequest.init(decoding:)) == question)
    let reply = ExplainReply(
      userID: 1000,
      decisions: [
        Decision(
          vlan: 5, rights: [.read, .write], rule: "r", origin: "a:", framesPerSecond: 10,
          bytesPerSecond: 256)
      ])
    #expect(reply.encoded == Golden.explainReply)
    let decoded = try Golden.explainReply.decoded { payload throws(DecodeError) in
      try ExplainReply(decoding: payload, count: 1)
    }
    #expect(decoded == reply)
  }

  @Test("ADMINISTRATION, close: one session or a user, never both, and no unknown flag")
  func close() throws {
    let request = AdministrationRequest.close(CloseRequest(.session(17), isOpenOnly: true))
    #expect(request.encoded == Golden.closeRequest)
    #expect(try Golden.closeRequest.decoded(AdministrationRequest.init(decoding:)) == request)
    let user = Golden.closeRequest.replacing(at: 8, UInt64(0)).replacing(at: 16, UInt32(1_001))
    #expect(
      try user.decoded(AdministrationRequest.init(decoding:))
        == .close(CloseRequest(.user(1_001), isOpenOnly: true)))
    for wrong in [
      Golden.closeRequest.replacing(at: 16, UInt32(1)),
      Golden.closeRequest.replacing(at: 20, UInt32(2)),
    ] {
      #expect(throws: DecodeError.invalidValue) {
        try wrong.decoded(AdministrationRequest.init(decoding:))
      }
    }
    #expect(CloseReply(count: 2).encoded == Golden.closeReply)
    #expect(try Golden.closeReply.decoded(CloseReply.init(decoding:)) == CloseReply(count: 2))
  }

  @Test("ADMINISTRATION, status")
  func status() throws {
    #expect(AdministrationRequest.status.encoded == Golden.statusRequest)
    #expect(try Golden.statusRequest.decoded(AdministrationRequest.init(decoding:)) == .status)
    var reply = StatusReply()
    reply.flags = [.administrator, .service, .inheritedSocket, .lockedMemory]
    (reply.processID, reply.userID) = (4_242, 999)
    reply.startedAt = 0x0102_0304_0506_0708
    (reply.uptime, reply.watchdog, reply.answerAge) = (1_000_000_000, 5_000_000_000, 7)
    reply.configuredAt = 0x1112_1314_1516_1718
    reply.reloadedAt = 0x2122_2324_2526_2728
    (reply.fileCount, reply.ruleCount, reply.reloadCount) = (2, 3, 4)
    (reply.sessionCount, reply.sessionLimit) = (5, 1_024)
    reply.capture = StatusReply.Memory(used: 16, limit: 256)
    reply.receive = StatusReply.Memory(used: 1, limit: 128)
    (reply.version, reply.socketPath) = ("1", "/s")
    (reply.configuration, reply.refusal) = ("/c", "no")
    #expect(reply.encoded == Golden.statusReply)
    #expect(try Golden.statusReply.decoded(StatusReply.init(decoding:)) == reply)
  }

  @Test("ADMINISTRATION, trace")
  func trace() throws {
    let request = AdministrationRequest.trace(cursor: 4096, .on)
    #expect(request.encoded == Golden.traceRequest)
    #expect(try Golden.traceRequest.decoded(AdministrationRequest.init(decoding:)) == request)
    let entry = TraceEntry(
      sequence: 10, nanoseconds: 123_456, object: 2 << 32 | 8, first: 64, second: 1 << 32,
      threadID: 42, interfaceIndex: 17, component: "send", name: "write")
    let reply = try Golden.traceReply.decoded { payload throws(DecodeError) in
      try TraceReply(decoding: payload, entryCount: 1)
    }
    #expect(reply.next == 11 && reply.hasMore && reply.isRecording)
    #expect(reply.entries == [entry])
    #expect(reply.encoded == Golden.traceReply)
    let empty = TraceReply(cursor: 12, entries: [], isRecording: false, byteLimit: 100)
    #expect(empty.next == 12 && !empty.hasMore)
  }

  @Test("an unknown command of ADMINISTRATION is refused, and a text that is too long")
  func administrationLimits() {
    for command in [0, 1_000, UInt32.max] {
      #expect(throws: DecodeError.invalidValue) {
        try Golden.objectsRequest.replacing(at: 0, command).decoded(
          AdministrationRequest.init(decoding:))
      }
    }
    #expect(throws: DecodeError.invalidValue) {
      try Golden.traceRequest.replacing(at: 16, UInt32(3)).decoded(
        AdministrationRequest.init(decoding:))
    }
    #expect(throws: DecodeError.invalidText) {
      try Golden.objectsReply.replacing(at: 48, UInt32(1_025)).decoded {
        payload throws(DecodeError) in try ObjectsReply(decoding: payload, entryCount: 1)
      }
    }
  }

  @Test("ADMINISTRATION, pause and restart")
  func pauseAndRestart() throws {
    for (request, bytes) in [
      (AdministrationRequest.pause(interfaceIndex: 17), Golden.pauseRequest),
      (.restart(interfaceIndex: 17), Golden.restartRequest),
    ] {
      #expect(request.encoded == bytes)
      #expect(try bytes.decoded(AdministrationRequest.init(decoding:)) == request)
    }
  }

  @Test("SUBSCRIBE, and an event")
  func events() throws {
    let request = SubscribeRequest(
      kinds: [EventKindSet(.linkState), EventKindSet(.powerState)], interfaceIndex: 17)
    #expect(request.encoded == Golden.subscribeRequest)
    #expect(try Golden.subscribeRequest.decoded(SubscribeRequest.init(decoding:)) == request)
    let entry = BindingEntry(
      interfaceIndex: 17, state: .running, link: .disconnected, isPowered: true, mtu: 1500,
      openCount: 2, address: MACAddress([2, 0, 0, 0, 0, 0xAA]), name: "np0", description: "veth")
    let event = EventMessage(
      sequence: 37, lost: 36, timestamp: 0x0102_0304_0506_0708, kind: .mtu, changeCount: 2,
      binding: entry)
    #expect(event.encoded == Golden.event)
    #expect(
      try Golden.event.decoded { payload throws(DecodeError) in
        try EventMessage(decoding: payload, bindingCount: 1)
      } == event)
    var ofDaemon = event
    (ofDaemon.kind, ofDaemon.binding) = (.shutdown, nil)
    #expect(
      try ofDaemon.encoded.decoded { payload throws(DecodeError) in
        try EventMessage(decoding: payload, bindingCount: 0)
      } == ofDaemon)
  }

  @Test("an event of an unknown kind is refused, one of two bindings, and a wish for such kinds")
  func eventLimits() {
    for (kind, count) in [(UInt32(0), UInt32(1)), (10, 1), (.max, 1), (6, 2)] {
      #expect(throws: DecodeError.invalidValue) {
        try Golden.event.replacing(at: 24, kind).decoded { payload throws(DecodeError) in
          try EventMessage(decoding: payload, bindingCount: count)
        }
      }
    }
    for kinds in [UInt32(1), 1 << 10, .max] {
      #expect(throws: DecodeError.invalidValue) {
        try Golden.subscribeRequest.replacing(at: 0, kinds).decoded(
          SubscribeRequest.init(decoding:))
      }
    }
    #expect(EventKindSet.all.rawValue == 0x3FE)
  }

  @Test("CANCEL")
  func cancel() throws {
    let request = CancelRequest(id: 0x0100_0000_0000_002A)
    #expect(request.encoded == Golden.cancelRequest)
    #expect(try Golden.cancelRequest.decoded(CancelRequest.init(decoding:)) == request)
  }

  @Test("ENUMERATE")
  func enumerate() throws {
    let request = EnumerateRequest(afterInterfaceIndex: 17)
    #expect(request.encoded == Golden.enumerateRequest)
    #expect(try Golden.enumerateRequest.decoded(EnumerateRequest.init(decoding:)) == request)
    let reply = try Golden.enumerateReply.decoded { payload throws(DecodeError) in
      try EnumerateReply(decoding: payload, entryCount: 1)
    }
    let entry = BindingEntry(
      interfaceIndex: 17, state: .running, link: .disconnected, isPowered: true, mtu: 1500,
      openCount: 2, address: MACAddress([2, 0, 0, 0, 0, 0xAA]), name: "np0", description: "veth")
    #expect(reply.generation == 9)
    #expect(reply.hasMore)
    #expect(reply.entries == [entry])
    #expect(reply.encoded == Golden.enumerateReply)
  }

  /// The texts behind a description: kind, master, and two alternative names.
  @Test("an entry with further names; cut anywhere it is refused")
  func entryWithNames() throws {
    let names = BindingEntry.Names(
      kind: "veth", master: "br0", alternativeNames: ["enxcafe", #"bytes:\xff"#])
    let entry = BindingEntry(
      interfaceIndex: 17, state: .running, link: .disconnected, isPowered: true, mtu: 1500,
      openCount: 2, address: MACAddress([2, 0, 0, 0, 0, 0xAA]), name: "np0", description: "d",
      names: names)
    let texts: [UInt8] = [
      4, 0, 0x76, 0x65, 0x74, 0x68,  // kind "veth"
      3, 0, 0x62, 0x72, 0x30,  // master "br0"
      7, 0, 0x65, 0x6E, 0x78, 0x63, 0x61, 0x66, 0x65,  // "enxcafe"
      10, 0, 0x62, 0x79, 0x74, 0x65, 0x73, 0x3A, 0x5C, 0x78, 0x66, 0x66,  // "bytes:\xff"
    ]
    let bytes = entry.encoded
    #expect(bytes.count == 80)
    #expect(Array(bytes[38..<40]) == [4, 0])
    #expect(Array(bytes[44..<76]) == texts)
    #expect(Array(bytes[76...]) == [0, 0, 0, 0])
    let reply = EnumerateReply(generation: 1, entries: [entry], byteLimit: 1 << 20)
    let decode = { (bytes: [UInt8]) throws(DecodeError) in
      try bytes.decoded { payload throws(DecodeError) in
        try EnumerateReply(decoding: payload, entryCount: 1)
      }
    }
    #expect(try decode(reply.encoded).entries == [entry])
    for count in 0..<reply.encoded.count {
      #expect(throws: DecodeError.self) { try decode(Array(reply.encoded.prefix(count))) }
    }
    // One text is no kind and master; nine are not there.
    for count in [1, 9] as [UInt8] {
      var lying = reply.encoded
      lying[EnumerateReply.fixedByteCount + 38] = count
      #expect(throws: DecodeError.self) { try decode(lying) }
    }
  }

  @Test("STATISTICS")
  func statistics() throws {
    let request = StatisticsRequest(
      interfaceIndex: 17, after: .init(kind: .open, interfaceIndex: 18, id: 5))
    #expect(request.encoded == Golden.statisticsRequest)
    #expect(try Golden.statisticsRequest.decoded(StatisticsRequest.init(decoding:)) == request)
    let object = StatisticsObject(
      kind: .open, interfaceIndex: 17, id: 5, name: "uid 0 pid 42",
      readings: [.init(.rxMatched, 1 << 32), .init(number: 0x1_FFFF, value: 1)])
    // Room for one of two, but for a byte.
    let reply = StatisticsReply(
      objects: [object, object], byteLimit: 2 * object.encoded.count + 7)
    #expect(reply.encoded == Golden.statisticsReply)
    let decoded = try Golden.statisticsReply.decoded { payload throws(DecodeError) in
      try StatisticsReply(decoding: payload, objectCount: 1)
    }
    #expect(decoded == reply && decoded.hasMore && decoded.objects == [object])
    #expect(decoded.objects.first?[.rxMatched] == 1 << 32)
    #expect(decoded.objects.first?[.rxFrames] == nil)
    #expect(decoded.objects.first?.readings.last?.counter == nil)
  }

  @Test("WAIT")
  func wait() throws {
    let request = WaitRequest(names: ["np0", "é"], timeoutMilliseconds: 5000)
    #expect(request.encoded == Golden.waitRequest)
    #expect(try Golden.waitRequest.decoded(WaitRequest.init(decoding:)) == request)
  }

  @Test("QUERY_OID_VALUE and SET_OID_VALUE")
  func oid() throws {
    let request = OIDMessage(oid: .currentAddress, value: [2, 0, 0, 0, 0, 0xAA])
    #expect(request.encoded == Golden.oidRequest)
    #expect(try Golden.oidRequest.decoded(OIDMessage.init(decoding:)) == request)
  }

  @Test("Q-12, Q-13: QUERY_BINDING has offsets, lengths without NUL, and UTF-16LE")
  func queryBinding() throws {
    let answer = QueryBinding(index: 2, name: "np0", description: "\u{1D11E}")
    #expect(answer.byteCountNeeded == Golden.queryBinding.count)
    #expect(answer.encoded(room: 4096) == Golden.queryBinding)
    #expect(try Golden.queryBinding.decoded(QueryBinding.init(decoding:)) == answer)
  }

  @Test("records have the bytes of the drawing")
  func records() throws {
    var writer = RecordWriter()
    let first = FrameRecord(
      length: 5, originalLength: 60, timestamp: 0x0102_0304_0506_0708,
      flags: [.truncated, .looped], lostBefore: 263)
    let frame: [UInt8] = [0xDE, 0xAD, 0xBE, 0xEF, 0x99]
    writer.mustAppend(frame, first)
    writer.mustAppend([])
    let (bytes, counts) = (writer.records.array, [Int(writer.recordCount), writer.frameByteCount])
    #expect(bytes == Golden.records)
    #expect(counts == [2, 5])

    let payload = Golden.records
    var reader = RecordReader(payload.span.bytes, recordCount: 2)
    if let record = try reader.next() {
      let header = record.header
      #expect(header == first)
      let bytes = record.frame.array
      #expect(bytes == frame)
    } else {
      Issue.record("the first record is missing")
    }
    if let record = try reader.next() {
      let header = record.header
      #expect(header == FrameRecord(length: 0, originalLength: 0))
      let bytes = record.frame.array
      #expect(bytes.isEmpty)
    } else {
      Issue.record("the second record is missing")
    }
    let isAtEnd = try reader.next() == nil
    #expect(isAtEnd)
  }

  @Test("the status of a frame is three little-endian words")
  func frameStatuses() throws {
    let bytes: [UInt8] = [
      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x06, 0x02, 0x00, 0xC0, 0x14, 0x00, 0x01, 0xC0, 0x5A, 0x00, 0x00, 0x00,
    ]
    #expect(CompletionStatus.success.encoded + CompletionStatus.frameTooLong.encoded == bytes)
    let statuses = try FrameStatuses(bytes.span.bytes, frameCount: 2)
    let decoded = [statuses[0], statuses[1]]
    let firstFailure = statuses.firstFailure
    #expect(decoded == [.success, .frameTooLong])
    #expect(firstFailure == 1)
    #expect(throws: DecodeError.tooShort) {
      _ = try FrameStatuses(bytes.span.bytes, frameCount: 3).count
    }
    #expect(throws: DecodeError.trailingBytes) {
      _ = try FrameStatuses(bytes.span.bytes, frameCount: 1).count
    }
    #expect(throws: DecodeError.tooShort) {
      _ = try FrameStatuses(bytes.span.bytes, frameCount: .max).count
    }
  }

  @Test("the fixed parts have the sizes that the drawings say")
  func byteCounts() {
    #expect(Golden.header.count == MessageHeader.byteCount)
    #expect(Golden.helloRequest.count == HelloRequest.byteCount)
    #expect(Golden.helloReply.count == HelloReply.byteCount)
    #expect(Golden.openRequest.count == OpenRequest.fixedByteCount + 2 * 2 + 3)
    #expect(Golden.openReply.count == OpenReply.fixedByteCount + 2 + 3)
    #expect(Golden.cancelRequest.count == CancelRequest.byteCount)
    #expect(Golden.enumerateRequest.count == EnumerateRequest.byteCount)
    #expect(
      Golden.enumerateReply.count
        == EnumerateReply.fixedByteCount + BindingEntry.fixedByteCount + 8)
    #expect(Golden.statisticsRequest.count == StatisticsRequest.byteCount)
    #expect(
      Golden.statisticsReply.count
        == StatisticsReply.fixedByteCount + StatisticsObject.fixedByteCount + 16 + 2
        * StatisticsObject.counterByteCount)
    #expect(Golden.subscribeRequest.count == SubscribeRequest.byteCount)
    #expect(Golden.event.count == EventMessage.fixedByteCount + BindingEntry.fixedByteCount + 8)
    #expect(Golden.oidRequest.count == OIDMessage.headerByteCount + 6)
    #expect(FrameRecord.headerByteCount == 24)
    #expect(MessageHeader.maximumMessageByteCount == 131_072)
  }
}
