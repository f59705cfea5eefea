internal import FuzzSupport
internal import Glibc
internal import NDIS
internal import NdisprotControl
internal import Platform

// Sequences of messages by several clients, while the interface does what it likes. Nothing may trap,
// every request is answered once, and when the clients have gone nothing is charged to them.

/// - Shape: steps: `[client and action][what the action needs]`
func check(_ input: Input) {
  var input = input
  if inputCount == 0 { baseline = used() }
  let peers = [Peer(), Peer(), Peer()]
  var steps = 0
  while !input.isEmpty, steps < 64 {
    steps += 1
    let step = input.byte()
    if step >= 240 {
      World.shared.play(&input)
    } else {
      let peer = peers[Int(step) % peers.count]
      if peer.isGone { peer.connect(World.shared.path) }
      act(peer, Int(step) / peers.count % 20, &input)
      peer.take()
    }
  }
  for peer in peers { peer.settle() }
  let deadline = monotonicNanoseconds() + Peer.patienceNanoseconds
  while !peers.allSatisfy(\.isSettled) {
    for peer in peers where !peer.isSettled { peer.take(waitingMilliseconds: 1) }
    require(monotonicNanoseconds() < deadline, "a request is never answered")
  }
  for peer in peers { peer.hangUp() }
  World.shared.reset()
  inputCount += 1
  if inputCount % 512 == 0 { checkBudgets() }
}

nonisolated(unsafe) private var inputCount = 0
nonisolated(unsafe) private var baseline: [UInt64: UInt64] = [:]

private func act(_ peer: Peer, _ action: Int, _ input: inout Input) {
  switch action {
  case 0, 1: open(peer, &input)
  case 2: peer.send(.closeDevice)
  case 3: peer.send(.read, room: UInt32(input.length()))
  case 4: peer.send(.readBatch, room: UInt32(input.byte()) << 10)
  case 5: write(peer, count: 1, &input)
  case 6: write(peer, count: Int(input.byte() % 100) + 1, &input)
  case 7: peer.cancel(input.byte())
  case 8: peer.send(.enumerate, EnumerateRequest().encoded)
  case 9: peer.send(.statistics, StatisticsRequest().encoded)
  case 10: peer.send(.subscribe, SubscribeRequest().encoded)
  case 11:
    let names: [InterfaceName] = input.byte() % 2 == 0 ? [] : ["np0", "np9"]
    peer.send(.wait, WaitRequest(names: names, timeoutMilliseconds: UInt32(input.byte())).encoded)
  case 12: query(peer, &input)
  case 13: set(peer, &input)
  case 14: administer(peer, &input)
  case 15: peer.send(.hello, HelloRequest().encoded)
  case 16: peer.hangUp()
  case 17: peer.shutDown()
  case 18:
    let code: RequestCode = [.openDevice, .bindWait, .queryBinding, .indicateStatus][
      Int(input.byte() % 4)]
    peer.send(
      .deviceControl, Array("np0".utf8), code: code.rawValue, room: UInt32(input.byte()) * 8)
  default:
    let (opcode, code) = (UInt16(input.byte() % 20), UInt32(input.byte()))
    let (room, count) = (UInt32(input.byte()) << 6, UInt32(input.byte()))
    peer.send(opcode, input.bytes(Int(input.byte())), code: code, room: room, count: count)
  }
}

private func open(_ peer: Peer, _ input: inout Input) {
  let types: [UInt16] = (0..<Int(input.byte() % 3)).map { _ in input.type() }
  let shape = input.byte()
  let all: [UInt16] = shape & 128 != 0 ? [EtherTypeSet.anyValue] : types
  peer.send(
    .open,
    OpenRequest(
      name: "np0", etherTypes: EtherTypeSet(all), mode: shape & 1 == 0 ? .shared : .exclusive,
      flags: OpenRequest.Flags(rawValue: UInt32(shape >> 1) & 63),
      queueByteCount: UInt32(input.byte()) << 8, waitMilliseconds: UInt32(input.byte() % 4)
    ).encoded)
}

private func write(_ peer: Peer, count: Int, _ input: inout Input) {
  var writer = RecordWriter()
  for _ in 0..<count {
    let frame = Frames.make(type: input.type(), byteCount: input.length(), isOwn: true)
    guard writer.append(frame.span.bytes) else { break }
  }
  let records = Array(unsafe: writer)
  peer.send(
    count == 1 ? .write : .writeBatch, records, count: writer.recordCount)
}

extension [UInt8] {
  /// The records of a message.
  fileprivate init(unsafe writer: borrowing RecordWriter) {
    let bytes = writer.records
    self = bytes.withUnsafeBytes { Array($0) }
  }
}

private let oids: [OID] = [
  .currentAddress, .currentPacketFilter, .linkSpeed, .rcvOK, .maximumFrameSize, .multicastList,
  .linkState, .statistics,
]

private func query(_ peer: Peer, _ input: inout Input) {
  let oid = oids[Int(input.byte()) % oids.count]
  peer.send(
    .deviceControl, OIDMessage(oid: oid).encoded, code: RequestCode.queryOIDValue.rawValue,
    room: UInt32(input.byte()))
}

private func set(_ peer: Peer, _ input: inout Input) {
  let oid = oids[Int(input.byte()) % oids.count]
  let value = input.bytes(Int(input.byte() % 16))
  peer.send(
    .deviceControl, OIDMessage(oid: oid, value: value).encoded,
    code: RequestCode.setOIDValue.rawValue)
}

private func administer(_ peer: Peer, _ input: inout Input) {
  let number = UInt64(input.byte())
  let request: AdministrationRequest =
    switch number % 8 {
    case 0: .objects(cursor: number)
    case 1: .trace(cursor: number, number & 8 == 0 ? .on : .off)
    case 2: .pause(interfaceIndex: 7)
    case 3: .restart(interfaceIndex: 7)
    case 4: .reload
    case 5: .explain(ExplainRequest(user: "0", binding: "np0", etherType: 0x88B5))
    case 6: .status
    default:
      .close(
        CloseRequest(
          .user(number & 16 == 0 ? getuid() : UInt32(number)), isOpenOnly: number & 8 == 0))
    }
  World.shared.isTouched = true
  peer.send(.administration, request.encoded)
}

/// What is charged for clients: by the number of the limit.
private func used() -> [UInt64: UInt64] {
  let peer = Peer()
  peer.connect(World.shared.path)
  var used: [UInt64: UInt64] = [:]
  var after = StatisticsObject.Key(kind: .init(rawValue: 0))
  while true {
    guard
      let answer = peer.ask(.statistics, StatisticsRequest(after: after).encoded),
      let page = try? StatisticsReply(
        decoding: answer.payload.span.bytes, objectCount: answer.header.count)
    else {
      require(false, "statistics that no client can read")
      return used
    }
    for object in page.objects where object.key.kind == .limit {
      used[object.key.id] = object[.limitUsed]
    }
    guard page.hasMore, let last = page.objects.last else { return used }
    after = last.key
  }
}

/// Whatever clients held is given back.
private func checkBudgets() {
  let deadline = monotonicNanoseconds() + Peer.patienceNanoseconds
  var now = used()
  while now.contains(where: { $0.value > baseline[$0.key] ?? 0 }) {
    require(
      monotonicNanoseconds() < deadline, "charged when all have gone: \(now), not \(baseline)")
    usleep(10_000)
    now = used()
  }
}
