import MDL
import Miniport
import NDIS
import Platform
import Synchronization
import TestSupport
import Testing

/// Keeps every frame it is given.
final class RecordingReceiver: ReceiveHandler {
  struct Frame: Equatable {
    var bytes: [UInt8]
    var wireByteCount: Int
    var timestampNanoseconds: UInt64
    var flags: FrameRecord.Flags
  }
  var frames: [Frame] = []
  /// How many there are, for other threads.
  let progress = Progress()
  var chunks = 0
  var completions = 0
  /// How often only readers with few frames were to be served.
  var sparseLooks = 0
  /// Whether frames may gather while the thread naps.
  var mayNap: () -> Bool = { true }
  /// Frames that the last completion was behind.
  var completedCount = 0
  var sendPossibleCount = 0
  var failures: [MiniportError] = []
  var completionsBeforeFailure = 0
  var isHolding = false
  var onFrame: () -> Void = {}
  /// Whether frames may follow in the same dispatch.
  var mayGoOn: () -> Bool = { true }
  var onChunk: () -> Void = {}

  override func receive(_ frame: ReceivedFrame) -> Bool {
    frames.append(
      Frame(
        bytes: frame.bytes.withUnsafeBytes { Array($0) }, wireByteCount: frame.wireByteCount,
        timestampNanoseconds: frame.timestampNanoseconds,
        flags: FrameRecord.Flags(rawValue: frame.flags)))
    progress.count.add(1, ordering: .releasing)
    onFrame()
    return mayGoOn()
  }
  override func chunkComplete() {
    chunks += 1
    onChunk()
  }
  override func receiveComplete() {
    completions += 1
    completedCount = frames.count
  }
  override func receiveSparse() { sparseLooks += 1 }
  override func mayNap(nowNanoseconds: UInt64) -> Bool { mayNap() }
  override func shouldHold(nowNanoseconds: UInt64) -> Bool { isHolding }
  override func sendPossible() { sendPossibleCount += 1 }
  override func captureFailed(_ error: MiniportError) {
    failures.append(error)
    completionsBeforeFailure = completions
  }

  var bytes: [[UInt8]] { frames.map(\.bytes) }
}

/// One miniport on the near end of a pair, driven by hand.
final class Bench {
  let pair: VethPair
  let loop: EventLoop
  let miniport: PcapMiniport
  let receiver = RecordingReceiver()
  let peer: RawSocket
  private var isOpen = false

  /// Whoever takes the frames, if it is not `receiver`.
  private let other: ReceiveHandler?

  init(isUp: Bool = true, _ other: ReceiveHandler? = nil) throws {
    self.other = other
    pair = try VethPair(isUp: isUp)
    loop = try EventLoop()
    peer = try RawSocket(pair.far)
    miniport = PcapMiniport(
      Bench.attributes(pair), loop: loop, helpers: CaptureHelpers(), starter: startTestThread)
  }
  deinit { deactivate() }

  static func attributes(_ pair: VethPair) -> AdapterAttributes {
    AdapterAttributes(
      interfaceIndex: pair.nearIndex, name: InterfaceName(stringLiteral: pair.near),
      description: pair.near, hardwareType: 1,
      isLoopback: false, address: .zero, mtu: 1500, isUp: true, link: .connected)
  }

  /// Makes handles, and turns until they capture.
  func activate(
    _ types: [UInt16] = [EtherTypeSet.anyValue], profile: CaptureProfile = .latency,
    ringByteCount: Int = 4 << 20, outgoing: Bool = false,
    mtu: UInt32 = 1500, name: InterfaceName = ""
  ) throws {
    try activate(
      CaptureConfiguration(
        profile: profile, ringByteCount: ringByteCount,
        etherTypes: EtherTypeSet(types), includesOutgoing: outgoing, mtu: mtu,
        interfaceName: name))
  }

  func activate(_ configuration: CaptureConfiguration) throws {
    if !isOpen {
      try miniport.open(handler: other ?? receiver)
      isOpen = true
    }
    var result: MiniportError??
    miniport.activate(configuration) { result = .some($0) }
    turn { result != nil }
    if let error = try #require(result, "the activation did not end") { throw error }
  }

  /// Drains and closes everything, and turns until the helpers are through.
  func deactivate() {
    var isDrained = false
    miniport.deactivate { isDrained = true }
    turn { isDrained }
    if isOpen { miniport.close() }
    isOpen = false
    turn { packetSockets(on: pair.nearIndex) == 0 }
  }

  /// Turns until so many frames came.
  @discardableResult
  func receive(_ count: Int) -> [[UInt8]] {
    turn { receiver.frames.count >= count }
    return receiver.bytes
  }

  /// Turns until a condition holds, or a minute has gone by.
  func turn(until condition: () -> Bool) {
    turn(forNanoseconds: Patience.nanoseconds, until: condition)
  }

  private func turn(forNanoseconds duration: UInt64, until condition: () -> Bool) {
    let end = monotonicNanoseconds() + duration
    while !condition(), monotonicNanoseconds() < end { loop.turn(waitingAtMost: 5_000_000) }
  }

  /// Turns until the peer's queue takes frames.
  ///
  /// The kernel's link watch opens it when it has seen the carrier, up to 1 s after the other end came
  /// up. What is sent before is dropped in front of the wire.
  func awaitPeerQueue() throws {
    turn { (try? Command.run("grep -qx up /sys/class/net/\(pair.far)/operstate")) != nil }
    // The link watch opens the queue under the lock that this question waits for.
    try Command.run("ip -o link show dev \(pair.far)")
  }

  /// Turns for a while, for what must not happen.
  func settle(milliseconds: UInt64 = 30) {
    turn(forNanoseconds: milliseconds * 1_000_000) { false }
  }

  /// Has the peer send frames numbered from 0 on another thread, never more than `window` ahead of the
  /// receiver: no ring is full however busy the processors are.
  func startSending(_ count: UInt32, window: Int) -> TestThread {
    let (peer, progress) = (peer, receiver.progress)
    return TestThread {
      for number in 0..<count {
        guard eventually({ Int(number) < progress.count.load(ordering: .acquiring) + window })
        else { return }
        try? peer.send(EthernetFrame.make(number: number))
      }
    }
  }

  /// Sends frames through the miniport, each as a segment of one chain.
  func send(_ frames: [[UInt8]], priority: UInt8 = 0) -> SendProgress {
    let together = frames.flatMap { $0 }
    var rest = together.span.bytes
    var builder = MDLChainBuilder<256>()
    for frame in frames {
      try? builder.append(rest.extracting(first: frame.count))
      rest = rest.extracting(droppingFirst: frame.count)
    }
    return miniport.send(builder.chain, priority: priority)
  }
}

/// Frames that a receiver has had.
final class Progress: Sendable {
  let count = Atomic(0)
}

/// What the test reads after the thread that wrote it was joined.
final class Box<Value>: @unchecked Sendable {
  var value: Value
  init(_ value: Value) { self.value = value }
}

/// Starts a thread that nothing joins.
@Sendable func startTestThread(
  _ name: String, _ body: @escaping @Sendable () -> Void
) -> Bool {
  TestThread(body).detach()
  return true
}
