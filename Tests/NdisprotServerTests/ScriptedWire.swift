import MDL
import NDIS
import Platform
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
  let logged = Guarded<[String]>([])

  /// Opened when an activation has begun, and by the test when it may go on.
  let isActivating: Gate
  let mayActivate: Gate
  private let parts = Guarded(Parts())

  // Driver and miniport are called on their loops only.
  private struct Parts: @unchecked Sendable {
    var control: EventLoop?
    var driver: (any ProtocolDriver)?
    var binding: EventLoop?
    var miniport: SlowMiniport?
  }

  init() throws {
    card = try ScriptedAdapterControl()
    isActivating = try Gate()
    mayActivate = try Gate()
  }

  /// With a deadline for questions about the card.
  func environment(deadlineNanoseconds: UInt64) -> ServerEnvironment {
    var environment = self.environment
    environment.cardDeadlineNanoseconds = deadlineNanoseconds
    return environment
  }

  var environment: ServerEnvironment {
    ServerEnvironment(
      makeMiniport: { [self] _, loop in
        let miniport = SlowMiniport(isActivating, mayActivate)
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

  /// A frame arrives.
  func deliver(_ frame: [UInt8]) {
    let known = parts.withLock { $0 }
    _ = known.binding?.post { known.miniport?.deliver(frame) }
  }

  /// Lets go of both loops.
  func forget() { parts.withLock { $0 = Parts() } }
}

/// A miniport whose activation waits for the test, and in which a frame is there at once.
private final class SlowMiniport: MiniportAdapter {
  private let isActivating: Gate
  private let mayActivate: Gate
  private(set) var isActive = false
  private weak var handler: ReceiveHandler?
  let statistics = CaptureStatistics()
  let currentMTU: UInt32? = nil

  init(_ isActivating: Gate, _ mayActivate: Gate) {
    self.isActivating = isActivating
    self.mayActivate = mayActivate
  }

  func activate(_ configuration: CaptureConfiguration, handler: ReceiveHandler) {
    self.handler = handler
    isActivating.open()
    _ = mayActivate.wait(milliseconds: 10_000)
    isActive = true
  }

  func deliver(_ frame: [UInt8]) {
    let span = frame.span
    handler?.receive(
      ReceivedFrame(
        bytes: span.bytes, wireByteCount: frame.count, timestampNanoseconds: 1, flags: 0))
    handler?.receiveComplete()
  }

  func update(etherTypes: EtherTypeSet, includesOutgoing: Bool) {}
  func send(_ frames: MDLChain) -> SendProgress { SendProgress(sentCount: 0, failure: .netDown) }
  func notifyWhenSendPossible() {}
  func deactivate() { isActive = false }
}
