public import MDL
public import NDIS
public import Platform

/// One Ethernet interface, captured through libpcap and sent on through a packet socket.
///
/// The interface is known by its index: a rename changes nothing here, and an interface that went
/// and came back under its old name is another one.
///
/// Outgoing frames are captured by a second handle, which exists while somebody wants them: libpcap
/// does not say of a frame which way it went. Within one direction frames come in the order of the
/// wire; between the two, as the handles were looked at, which may be a chunk apart.
///
/// - Thread: the loop's, all of it
/// - Ownership: `deactivate` has to be called; until then the loop keeps the handles
/// - Windows: the miniport driver as NDIS shows it to a protocol
public final class PcapMiniport: MiniportAdapter {
  private let interfaceIndex: Int32
  /// The MTU that was last known, for a moment when the kernel does not say it.
  private var mtu: UInt32
  private let loop: EventLoop

  private struct Active {
    var configuration: CaptureConfiguration
    let handler: ReceiveHandler
    let incoming: CapturePath
    var outgoing: CapturePath?
    let sending: SendPath
  }
  private var active: Active?
  /// What handles that are closed have counted.
  private var past = CaptureStatistics()

  /// Makes a miniport that captures nothing yet.
  ///
  /// The MTU at activation sizes the slots of the latency profile; after a change, frames above it
  /// are cut until the miniport is activated anew.
  public init(_ attributes: AdapterAttributes, loop: EventLoop) {
    interfaceIndex = attributes.interfaceIndex
    mtu = attributes.mtu
    self.loop = loop
  }

  /// Whether there are handles.
  public var isActive: Bool { active != nil }

  /// Opens the handles; frames of the configured types then go to `handler`.
  ///
  /// - Throws: `MiniportError`; nothing is left open then
  public func activate(
    _ configuration: CaptureConfiguration, handler: ReceiveHandler
  ) throws(MiniportError) {
    loop.assertOnLoop()
    precondition(active == nil, "a miniport was activated twice")
    let sending = try SendPath(interfaceIndex: interfaceIndex, loop: loop, handler: handler)
    mtu = sending.mtu ?? mtu
    do throws(MiniportError) {
      let incoming = try open(.incoming, configuration, handler)
      active = Active(
        configuration: configuration, handler: handler, incoming: incoming, sending: sending)
      guard configuration.includesOutgoing else { return }
      do throws(MiniportError) {
        active?.outgoing = try open(.outgoing, configuration, handler)
      } catch {
        active = nil
        add(incoming.close())
        throw error
      }
    } catch {
      sending.close()
      throw error
    }
  }

  private func open(
    _ direction: CaptureDirection, _ configuration: CaptureConfiguration,
    _ handler: ReceiveHandler
  ) throws(MiniportError) -> CapturePath {
    let options = PcapOptions(
      interfaceIndex: interfaceIndex, mtu: mtu, profile: configuration.profile,
      ringByteCount: configuration.ringByteCount,
      dispatchByteCount: configuration.dispatchByteCount, direction: direction,
      etherTypes: configuration.etherTypes)
    return try CapturePath(options, loop: loop, handler: handler)
  }

  /// Lets other types through, or outgoing frames too; frames of types in both sets are not lost.
  ///
  /// - Throws: `MiniportError`; outgoing frames are then captured or not as before
  public func update(
    etherTypes: EtherTypeSet, includesOutgoing: Bool
  ) throws(MiniportError) {
    loop.assertOnLoop()
    guard var active else { return }
    active.configuration.etherTypes = etherTypes
    active.configuration.includesOutgoing = includesOutgoing
    var closing: CapturePath?
    if includesOutgoing {
      if let outgoing = active.outgoing {
        try outgoing.setFilter(etherTypes)
      } else {
        active.outgoing = try open(.outgoing, active.configuration, active.handler)
      }
    } else {
      closing = active.outgoing
      active.outgoing = nil
    }
    self.active = active
    // Closing hands out what is left, and its receiver may deactivate: last but for the filter,
    // which minds neither.
    if let closing { add(closing.close()) }
    try active.incoming.setFilter(etherTypes)
  }

  /// Sends frames, one segment of the chain each, in order, until one is refused.
  ///
  /// - Ownership: borrows the frames until it returns
  /// - Complexity: one system call for up to 64 frames, no allocation
  public func send(_ frames: MDLChain) -> SendProgress {
    active?.sending.send(frames) ?? SendProgress(sentCount: 0, failure: .netDown)
  }

  /// The interface's MTU as the kernel has it at this moment; nil if it does not say.
  public var currentMTU: UInt32? { active?.sending.mtu }

  /// Calls `handler.sendPossible()` once when the send socket is writable again.
  public func notifyWhenSendPossible() { active?.sending.notifyWhenSendPossible() }

  /// What was captured since the first activation, both directions together.
  public var statistics: CaptureStatistics {
    var total = past
    for path in [active?.incoming, active?.outgoing] {
      guard let counted = path?.statistics else { continue }
      total.frames &+= counted.frames
      total.drops &+= counted.drops
    }
    return total
  }

  /// Takes what is left in the rings, counts, and closes all descriptors.
  ///
  /// In the throughput profile this waits 3 ms for the last block. From within `receive` or
  /// `receiveComplete` what is left in that ring is not taken.
  public func deactivate() {
    loop.assertOnLoop()
    guard let active else { return }
    self.active = nil
    add(active.incoming.close())
    if let outgoing = active.outgoing { add(outgoing.close()) }
    active.sending.close()
  }

  private func add(_ counted: CaptureStatistics) {
    past.frames &+= counted.frames
    past.drops &+= counted.drops
  }
}
