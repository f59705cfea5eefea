import NDIS
import Testing

@Suite(
  "Writing and loopback", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct WriteTests {
  @Test("A-40: a frame of 100 bytes reaches the far end as it was written")
  func write() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      let frame = Frame.outward(number: 0x0102_0304, byteCount: 100)
      let reply = try session.write(frame)
      #expect(reply.status == .success && reply.information == 100)
      #expect(try far.receive(1) == [frame])
    }
  }

  @Test("A-41: 14 and 1514 bytes are frames; 0, 13 and 1515 are refused and never seen")
  func lengths() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      let expected: [(Int, CompletionStatus)] = [
        (0, .invalidParameter), (13, .frameTooShort), (14, .success), (1_514, .success),
        (1_515, .frameTooLong),
      ]
      for (byteCount, status) in expected {
        let reply = try session.write(Frame.outward(byteCount: byteCount))
        #expect(reply.status == status, "\(byteCount) bytes")
        if status == .frameTooLong { #expect(reply.bytesNeeded == 1_514) }
      }
      #expect(try session.write(Frame.outward(number: 99)).status == .success)
      #expect(
        try far.receive(3) == [
          Frame.outward(byteCount: 14), Frame.outward(byteCount: 1_514), Frame.outward(number: 99),
        ])
    }
  }

  @Test("A-42: length is judged before type, type before source, all before the state")
  func orderOfChecks() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let wrongSource = Frame.make(to: Frame.far, from: Frame.foreign)
      let wrongBoth = Frame.make(to: Frame.far, from: Frame.foreign, type: "0800")
      let longAndWrong = Frame.outward(type: "0800", byteCount: 1_515)
      #expect(try session.write(longAndWrong).status == .frameTooLong)
      #expect(try session.write(wrongBoth).status == .etherTypeMismatch)
      try lab.ip("link set np0 down")
      try eventually("low power") { try session.enumerate().bindings?.first?.power == 0 }
      #expect(try session.write(longAndWrong).status == .frameTooLong)
      #expect(try session.write(wrongBoth).status == .etherTypeMismatch)
      #expect(try session.write(wrongSource).status == .sourceMismatch)
      #expect(try session.write(Frame.outward()).status == .lowPower)
    }
  }

  @Test("A-43: another type or source is refused, and the far end sees nothing of it")
  func typeAndSource() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      #expect(try session.write(Frame.outward(type: "0800")).status == .etherTypeMismatch)
      let foreign = Frame.make(to: Frame.far, from: Frame.foreign)
      #expect(try session.write(foreign).status == .sourceMismatch)
      #expect(try session.write(Frame.outward(tag: "88a80001")).status == .etherTypeMismatch)
      #expect(try session.write(Frame.outward(number: 99)).status == .success)
      #expect(try far.receive(1) == [Frame.outward(number: 99)])
    }
  }

  @Test("A-44: a tagged frame may be 4 bytes longer, and keeps its tag")
  func tagged() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      let frame = Frame.outward(tag: "81000064", number: 1, byteCount: 1_518)
      #expect(try session.write(frame).status == .success)
      #expect(try far.receive(1) == [frame])
      let reply = try session.write(Frame.outward(tag: "81000064", byteCount: 1_519))
      #expect(reply.status == .frameTooLong && reply.bytesNeeded == 1_518)
    }
  }

  @Test("A-45: after an address change the old source is refused and the new one taken")
  func addressChange() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try lab.ip("link set np0 address 02:00:00:00:00:aa")
      try eventually("the new address") {
        try session.enumerate().bindings?.first?.address == "02:00:00:00:00:aa"
      }
      #expect(try session.write(Frame.outward()).status == .sourceMismatch)
      let frame = Frame.make(to: Frame.far, from: "0200000000aa")
      #expect(try session.write(frame).status == .success)
      // The receive filter follows as well.
      try lab.peer.send(Frame.make(), Frame.make(to: "0200000000aa", number: 2))
      #expect(try session.read().frames == [Frame.make(to: "0200000000aa", number: 2)])
    }
  }

  @Test("A-46: a smaller MTU holds for the next write, without opening again")
  func mtuChange() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      try lab.ip("link set np0 mtu 1000")
      try eventually("the new MTU") { try session.enumerate().bindings?.first?.mtu == 1_000 }
      #expect(try session.write(Frame.outward(byteCount: 1_014)).status == .success)
      let reply = try session.write(Frame.outward(byteCount: 1_015))
      #expect(reply.status == .frameTooLong && reply.bytesNeeded == 1_014)
    }
  }

  @Test("A-47: a frame to the own address is read back, and is on the wire too")
  func echo() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      let frame = Frame.make(to: Frame.own, from: Frame.own, number: 3)
      #expect(try session.write(frame).status == .success)
      let record = try #require(try session.read().records?.first)
      #expect(record.bytes == frame && record.flags & 4 == 4)
      #expect(try far.receive(1) == [frame])
    }
  }

  @Test("A-48: loopback follows the filter: broadcast comes back, the far address does not")
  func loopbackFilter() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let broadcast = Frame.make(to: Frame.broadcast, from: Frame.own, number: 2)
      #expect(try session.write(Frame.outward(number: 1)).status == .success)
      #expect(try session.write(broadcast).status == .success)
      #expect(try session.read().frames == [broadcast])

      #expect(try session.set(.currentPacketFilter, "00000000").status == .success)
      #expect(try session.write(broadcast).status == .success)
      let read = try session.startRead()
      #expect(try session.isPending(read))
    }
  }

  @Test("A-48: an open that asked for no loopback hears nothing of its own")
  func noLoopback() throws {
    try Lab.run { lab in
      let session = try lab.client.open(flags: .noLoopback)
      let own = Frame.make(to: Frame.own, from: Frame.own, number: 1)
      #expect(try session.write(own).status == .success)
      try lab.peer.send(Frame.make(number: 2))
      #expect(try session.read().frames == [Frame.make(number: 2)])
    }
  }

  @Test("A-49: without a carrier a write fails, unless the open said to ignore it")
  func noCarrier() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let careless = try lab.client.open(flags: .ignoreCarrier)
      try lab.farIP("link set np1 down")
      try eventually("no carrier") { try session.enumerate().bindings?.first?.link == 2 }
      #expect(try session.write(Frame.outward()).status == .linkDown)
      #expect(try careless.write(Frame.outward()).status == .success)
    }
  }

  @Test("A-50: after the interface went down and up, the very next write succeeds")
  func flap() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      try lab.ip("link set np0 down")
      try eventually("low power") { try session.enumerate().bindings?.first?.power == 0 }
      try lab.ip("link set np0 up")
      try eventually("power and carrier") {
        let np0 = try session.enumerate().bindings?.first
        return np0?.power == 1 && np0?.link == 1
      }
      #expect(try session.write(Frame.outward(number: 1)).status == .success)
      #expect(try far.receive(1) == [Frame.outward(number: 1)])
      try far.send(Frame.make(number: 2))
      #expect(try session.read().frames == [Frame.make(number: 2)])
    }
  }

  @Test("A-51: while the interface is down reads stay pended, and what was queued is gone")
  func down() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let watcher = try lab.client.connect()
      try lab.peer.send(Frame.make(number: 1))
      try watcher.waitForFrames(1)
      try lab.ip("link set np0 down")
      try eventually("low power") { try session.enumerate().bindings?.first?.power == 0 }
      #expect(try session.write(Frame.outward()).status == .lowPower)
      let read = try session.startRead()
      #expect(try session.isPending(read))
      try lab.ip("link set np0 up")
      try eventually("a carrier") { try session.enumerate().bindings?.first?.link == 1 }
      try lab.peer.send(Frame.make(number: 2))
      #expect(try session.reply(to: read).frames == [Frame.make(number: 2)])
    }
  }

  @Test("WRITE_BATCH says of each frame what became of it, and sends the good ones in order")
  func batch() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      let good = (1...3).map { Frame.outward(number: $0) }
      let reply = try session.writeBatch(
        [good[0], Frame.outward(type: "0800"), good[1], Frame.outward(byteCount: 13), good[2]])
      #expect(reply.status == .etherTypeMismatch && reply.count == 5)
      #expect(reply.information == 180)
      let errors = try #require(reply.statuses).map { $0[2] }
      #expect(errors == [0, 91, 0, 22, 0])  // EPROTOTYPE, EINVAL
      #expect(try far.receive(3) == good)
    }
  }

  @Test("an open that asked for outgoing frames sees what another open writes")
  func outgoing() throws {
    try Lab.run { lab in
      let writer = try lab.client.open()
      let watcher = try lab.client.open(flags: .outgoing)
      #expect(try watcher.set(.currentPacketFilter, "0b000000").status == .success)
      let frame = Frame.make(to: Frame.broadcast, from: Frame.own, number: 4)
      #expect(try writer.write(frame).status == .success)
      let record = try #require(try watcher.read().records?.first)
      #expect(record.bytes == frame && record.flags & 2 == 2)
    }
  }

  @Test("mdl T56: what a client changes while it writes never reaches the wire unchecked")
  func tampered() throws {
    try Lab.run { lab in
      let session = try lab.client.open()
      let far = lab.peer
      let (frameCount, messageCount) = (80, 40)
      let frame = Frame.outward(number: 7, byteCount: 200)
      let tampered = try session.writeTampered(
        frame, source: Frame.foreign, frameCount: frameCount, messageCount: messageCount)
      #expect(tampered.sent + tampered.refused == frameCount * messageCount)
      let arrived = try far.receive(tampered.sent)
      #expect(arrived.count == tampered.sent)
      #expect(arrived.allSatisfy { $0 == frame })
    }
  }
}
