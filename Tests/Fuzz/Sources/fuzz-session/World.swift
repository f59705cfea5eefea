internal import FuzzSupport
internal import Glibc
internal import MDL
internal import NDIS
internal import Ndisprot
internal import Platform

@testable internal import NdisprotServer

/// A whole server on a wire that the input plays: control, a binding's thread, the framework's rules.
///
/// - Thread: made and used on the fuzzer's; the wire is called on its loops
final class World: @unchecked Sendable {  // The fuzzer's thread alone has it.
  static let shared = World()

  let path: String
  private let server: Server
  private let wire: Wire

  private init() {
    var template = Array("/tmp/ndisprot-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
    guard let directory = made.map({ String(cString: $0) }) else {
      require(false, "no directory for the socket")
      exit(1)
    }
    path = directory + "/socket"
    let wire = Wire()
    self.wire = wire
    let configuration = ServerConfiguration(
      bindings: [
        BindingConfiguration(
          interface: InterfaceMatch(name: .exactly("np0")), receiveRingByteCount: 64 << 10)
      ],
      policy: AccessPolicy([
        AccessRule(
          name: "self", origin: "fuzz", subject: .user(getuid()),
          interface: InterfaceMatch(name: .like("*")),
          etherTypes: EtherTypeSet([EtherTypeSet.anyValue]), vlans: .any, rights: .all)
      ]), isVerified: true)
    do {
      server = try Server(
        configuration: configuration, environment: wire.environment(configuration),
        listener: ListeningSocket.make(path: path, mode: 0o600))
      _ = try server.start()
    } catch {
      require(false, "the server does not start: \(error)")
      exit(1)
    }
    let (socket, folder) = (path, directory)
    names.withLock { $0 = (socket, folder) }
    atexit {
      let (socket, folder) = names.withLock { $0 }
      unlink(socket)
      rmdir(folder)
    }
  }

  /// The next input needs another interface.
  var isTouched = false

  /// What the wire does next.
  func play(_ input: inout Input) {
    isTouched = true
    switch input.byte() % 8 {
    case 0: wire.deliver(Frames.make(type: input.type(), byteCount: input.length()))
    case 1: wire.change { $0.isUp.toggle() }
    case 2:
      let mtu = UInt32(input.byte()) * 40 + 68
      wire.change { $0.mtu = mtu }
    case 3: wire.change { $0.link = $0.link == .connected ? .disconnected : .connected }
    case 4: wire.remove()
    case 5: wire.add()
    case 6: wire.script { $0.failures += 1 }
    default: wire.script { $0.refusedSends += 1 }
    }
  }

  /// The interface is there again, up, and as it was.
  func reset() {
    if isTouched { wire.reset() }
    isTouched = false
  }
}

/// What is removed at the end; a handler of `atexit` captures nothing.
private let names = LockedValue(("", ""))

/// The world below a server: one interface, whose frames come and go at once.
private final class Wire: InterfaceSource, AdapterControl, Sendable {
  /// What the next calls meet.
  struct Script: Sendable {
    /// Activations that fail.
    var failures = 0
    /// Sends that find no room.
    var refusedSends = 0
    var attributes = Wire.attributes
    var isThere = true
  }
  // Driver and miniport are called on their loops only.
  private struct Parts: @unchecked Sendable {  // See above.
    var control: EventLoop?
    var driver: (any ProtocolDriver)?
    var binding: EventLoop?
    var miniport: LoopMiniport?
  }
  private static let attributes = AdapterAttributes(
    interfaceIndex: 7, name: "np0", description: "", hardwareType: 1, isLoopback: false,
    address: MACAddress([0x02, 0, 0, 0, 0, 1]), mtu: 1500, isUp: true, link: .connected)

  let resyncCount = 0
  private let parts = LockedValue(Parts())
  private let current = LockedValue(Script())

  func environment(_ configuration: ServerConfiguration) -> ServerEnvironment {
    ServerEnvironment(
      makeMiniport: { [self] _, loop, _ in
        let miniport = LoopMiniport(loop, self)
        let reached = Reached(loop: loop, miniport: miniport)
        parts.withLock { ($0.binding, $0.miniport) = (reached.loop, reached.miniport) }
        return miniport
      },
      startWatch: { [self] loop, driver in
        let reached = Watched(loop: loop, driver: driver)
        parts.withLock { ($0.control, $0.driver) = (reached.loop, reached.driver) }
        driver.bindAdapter(Wire.attributes)
        driver.bindsComplete()
        return self
      },
      makeAdapterControl: { [self] in self },
      log: { require(!$0.text.hasPrefix("framework: "), "the framework's rules: \($0.text)") },
      audit: { _ in }, loadConfiguration: { configuration },
      findUser: {
        UInt32($0).map { number in Credentials(processID: 0, userID: number, groupID: 7, groups: [])
        }
      })
  }

  func script(_ change: (inout Script) -> Void) { current.withLock { change(&$0) } }

  /// Whether one more of what the script says is left.
  func take(_ kind: WritableKeyPath<Script, Int>) -> Bool {
    current.withLock { script in
      guard script[keyPath: kind] > 0 else { return false }
      script[keyPath: kind] -= 1
      return true
    }
  }

  func change(_ change: @escaping @Sendable (inout AdapterAttributes) -> Void) {
    onControl { wire, driver in
      let attributes = wire.current.withLock { script in
        change(&script.attributes)
        return script.isThere ? script.attributes : nil
      }
      if let attributes { driver.adapterChanged(attributes) }
    }
  }

  func remove() {
    onControl { wire, driver in
      wire.current.withLock { $0.isThere = false }
      driver.unbindAdapter(interfaceIndex: Wire.attributes.interfaceIndex)
    }
  }

  func add() {
    onControl { wire, driver in
      let attributes = wire.current.withLock { script in
        script.isThere = true
        return script.attributes
      }
      driver.bindAdapter(attributes)
    }
  }

  func reset() {
    remove()
    script { $0 = Script() }
    add()
  }

  func deliver(_ frame: [UInt8]) {
    let known = parts.withLock { $0 }
    known.binding?.post { known.miniport?.deliver(frame) }
  }

  private func onControl(_ work: @escaping @Sendable (Wire, any ProtocolDriver) -> Void) {
    let known = parts.withLock { $0 }
    known.control?.post { [self] in
      if let driver = known.driver { work(self, driver) }
    }
  }

  // MARK: The card

  func identity(of interfaceIndex: Int32) -> AdapterIdentity { AdapterIdentity(driver: "fuzz") }

  func facts(_ kinds: AdapterFacts.Kinds, of interfaceIndex: Int32) -> AdapterFacts {
    AdapterFacts()
  }

  func join(_ memberships: MembershipSet, on interfaceIndex: Int32, for owner: UInt64) {}

  private struct Reached: @unchecked Sendable {  // Used on the loop.
    let loop: EventLoop
    let miniport: LoopMiniport
  }
  private struct Watched: @unchecked Sendable {  // Used on the loop.
    let loop: EventLoop
    let driver: any ProtocolDriver
  }
}

/// A miniport in which everything is there at once, but for what the script says.
private final class LoopMiniport: MiniportAdapter, @unchecked Sendable {  // Confined to its loop.
  private let loop: EventLoop
  private let wire: Wire
  private weak var handler: ReceiveHandler?
  private var activation: ((MiniportError?) -> Void)?
  private var sentCount: UInt64 = 0
  let ring = CaptureRing()
  let statistics = CaptureStatistics()
  let currentMTU: UInt32? = nil
  let isReplaced = false

  init(_ loop: EventLoop, _ wire: Wire) {
    self.loop = loop
    self.wire = wire
  }

  func open(handler: ReceiveHandler) { self.handler = handler }

  func bypassQdisc() {}

  func activate(
    _ configuration: CaptureConfiguration, completion: @escaping (MiniportError?) -> Void
  ) {
    activation = completion
    loop.post { [self] in
      let fails = wire.take(\.failures)
      activation.take()?(fails ? .noSuchDevice : nil)
    }
  }

  func deliver(_ frame: [UInt8]) {
    let span = frame.span
    sentCount &+= 1
    handler?.receive(
      ReceivedFrame(
        bytes: span.bytes, wireByteCount: frame.count, timestampNanoseconds: sentCount, flags: 0))
    handler?.receiveComplete()
  }

  func update(etherTypes: EtherTypeSet, includesOutgoing: Bool) {}

  func checkPriority(_ priority: UInt8) {}

  func send(_ frames: MDLChain, priority: UInt8) -> SendProgress {
    wire.take(\.refusedSends)
      ? SendProgress(sentCount: 0, failure: .wouldBlock)
      : SendProgress(sentCount: frames.segmentCount, failure: nil)
  }

  func notifyWhenSendPossible() { loop.post { [self] in handler?.sendPossible() } }

  func deactivate(completion: @escaping () -> Void) {
    activation = nil
    completion()
  }

  func close() {}
}

/// Frames of the interface at the other end.
enum Frames {
  static func make(type: UInt16, byteCount: Int, isOwn: Bool = false) -> [UInt8] {
    let addresses: [UInt8] = [0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2]
    let header =
      (isOwn ? Array(addresses[6...] + addresses[..<6]) : addresses)
      + [UInt8(type >> 8), UInt8(truncatingIfNeeded: type)]
    let frame = header + [UInt8](repeating: 0, count: max(0, byteCount - header.count))
    return Array(frame.prefix(byteCount))
  }
}

extension Input {
  /// One of few EtherTypes, so that readers and frames meet.
  mutating func type() -> UInt16 { [0x88B5, 0x88B6, 0x888E, 0x0026][Int(byte() % 4)] }

  /// The length of a frame, possible or not.
  mutating func length() -> Int { [0, 13, 14, 60, 61, 1_514, 1_515, 9_014][Int(byte() % 8)] }
}
