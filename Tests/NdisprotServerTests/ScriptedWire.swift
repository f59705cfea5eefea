import MDL
import NDIS
import Platform
import TestSupport
import WDF

@testable import NdisprotServer

/// The world below a server, played by a test: one interface that is announced by hand, and a wire
/// whose activation takes as long as the test wants.
final class ScriptedWire: InterfaceSource, Sendable {
  static let attributes = AdapterAttributes(
    interfaceIndex: 7, name: "np0", description: "", hardwareType: 1, isLoopback: false,
    address: MACAddress([0x02, 0, 0, 0, 0, 1]), mtu: 1500, isUp: true, link: .connected)

  let resyncCount = 3

  /// The card behind the wire.
  let card: ScriptedAdapterControl
  /// What the operator was told.
  let logged = LockedValue<[String]>([])

  /// Opened when an activation has begun, and by the test when it may go on.
  let isActivating: AutoResetEvent
  let mayActivate: AutoResetEvent
  private let parts = LockedValue(Parts())

  // Driver and miniport are called on their loops only.
  private struct Parts: @unchecked Sendable {
    var control: EventLoop?
    var driver: (any ProtocolDriver)?
    var binding: EventLoop?
    var miniport: SlowMiniport?
  }

  init() throws {
    card = try ScriptedAdapterControl()
    isActivating = AutoResetEvent()
    mayActivate = AutoResetEvent()
  }

  /// With a deadline for questions about the card.
  func environment(deadlineNanoseconds: UInt64) -> ServerEnvironment {
    var environment = self.environment
    environment.cardDeadlineNanoseconds = deadlineNanoseconds
    return environment
  }

  var environment: ServerEnvironment {
    ServerEnvironment(
      makeMiniport: { [self] _, loop, starter in
        let miniport = SlowMiniport(isActivating, mayActivate, loop, starter)
        var known = parts.withLock { $0 }
        (known.binding, known.miniport) = (loop, miniport)
        parts.withLock { [known] in $0 = known }
        return miniport
      },
      startWatch: { [self] loop, driver in
        var known = parts.withLock { $0 }
        (known.control, known.driver) = (loop, driver)
        parts.withLock { [known] in $0 = known }
        driver.bindAdapter(Self.attributes)
        driver.bindsComplete()
        return self
      },
      makeAdapterControl: { [card] in card },
      log: { [self] record in logged.withLock { $0.append(record.text) } },
      audit: { _ in }, loadConfiguration: nil, findUser: { _ in nil })
  }

  /// Tells the driver of a change of the interface, as the watch does.
  func announce(_ change: @escaping @Sendable (inout AdapterAttributes) -> Void) {
    let known = parts.withLock { $0 }
    _ = known.control?.post {
      var attributes = Self.attributes
      change(&attributes)
      known.driver?.adapterChanged(attributes)
    }
  }

  /// The interface goes.
  func remove() {
    let known = parts.withLock { $0 }
    _ = known.control?.post {
      known.driver?.unbindAdapter(interfaceIndex: Self.attributes.interfaceIndex)
    }
  }

  /// An interface of the same index comes.
  func add() {
    let known = parts.withLock { $0 }
    _ = known.control?.post { known.driver?.bindAdapter(Self.attributes) }
  }

  /// A frame arrives.
  func deliver(_ frame: [UInt8]) {
    let known = parts.withLock { $0 }
    _ = known.binding?.post { known.miniport?.deliver(frame) }
  }

  /// Lets go of both loops.
  func forget() { parts.withLock { $0 = Parts() } }
}

/// A miniport whose activation waits for the test, on a thread of its own, and in which a frame is
/// there at once.
private final class SlowMiniport: MiniportAdapter, @unchecked Sendable {  // Confined to its loop.
  private let isActivating: AutoResetEvent
  private let mayActivate: AutoResetEvent
  private let loop: EventLoop
  private let starter: ThreadStarter
  private var activation: ((MiniportError?) -> Void)?
  private weak var handler: ReceiveHandler?
  let statistics = CaptureStatistics()
  let ring = CaptureRing()
  let currentMTU: UInt32? = nil
  let isReplaced = false

  init(
    _ isActivating: AutoResetEvent, _ mayActivate: AutoResetEvent, _ loop: EventLoop,
    _ starter: @escaping ThreadStarter
  ) {
    self.isActivating = isActivating
    self.mayActivate = mayActivate
    self.loop = loop
    self.starter = starter
  }

  func open(handler: ReceiveHandler) { self.handler = handler }

  func bypassQdisc() throws(MiniportError) {
    throw .system(errno: 92, call: "setsockopt(PACKET_QDISC_BYPASS)")
  }

  func activate(
    _ configuration: CaptureConfiguration, completion: @escaping (MiniportError?) -> Void
  ) {
    activation = completion
    _ = starter("helper") { [self] in
      isActivating.set()
      _ = mayActivate.wait(milliseconds: Patience.milliseconds)
      loop.post { [self] in activation.take()?(nil) }
    }
  }

  func deliver(_ frame: [UInt8]) {
    let span = frame.span
    handler?.receive(
      ReceivedFrame(
        bytes: span.bytes, wireByteCount: frame.count, timestampNanoseconds: 1, flags: 0))
    handler?.receiveComplete()
  }

  func update(etherTypes: EtherTypeSet, includesOutgoing: Bool) {}
  func checkPriority(_ priority: UInt8) throws(MiniportError) {
    if priority > 6 { throw .system(errno: 1, call: "setsockopt(SO_PRIORITY)") }
  }
  func send(_ frames: MDLChain, priority: UInt8) -> SendProgress {
    SendProgress(sentCount: 0, failure: .netDown)
  }
  func notifyWhenSendPossible() {}
  func deactivate(completion: @escaping () -> Void) {
    activation = nil
    completion()
  }
  func close() {}
}
