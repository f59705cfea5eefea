public import NDIS
public import Platform

/// Reports all links to a protocol driver: the existing ones, and their changes.
///
/// After the first dump a new link is reported by `bindAdapter`, each change by `adapterChanged`,
/// its removal by `unbindAdapter`. If the kernel could not deliver messages (ENOBUFS), or a dump
/// was interrupted by a change, a whole dump is repeated and the differences are reported, so that
/// nothing is missed for long.
///
/// - Thread: the loop's
/// - Ownership: the loop keeps it until `stop`; it does not keep the driver
/// - Source: rtnetlink(7); /sys is never read, it may show another network namespace
public final class InterfaceWatch: InterfaceSource {
  /// The most datagrams per turn.
  private static let datagramsPerTurn = 16
  /// How long a dump may stay silent, refused or lost, before it is requested again.
  static let patienceNanoseconds: UInt64 = 500_000_000

  private let retryNanoseconds: UInt64
  private let loop: EventLoop
  private let socket: RouteSocket
  private weak var driver: (any ProtocolDriver)?
  private var table = InterfaceTable()
  private var sequence: UInt32 = 0
  private var registration: Registration?
  private lazy var retry = LoopTimer { [unowned self] in askForDump() }

  /// Opens the socket and requests the first dump.
  ///
  /// - Throws: `SystemError` of socket, bind or epoll_ctl
  public convenience init(
    loop: EventLoop, driver: any ProtocolDriver
  ) throws(SystemError) {
    try self.init(loop: loop, driver: driver, receiveBufferByteCount: nil)
  }

  init(
    loop: EventLoop, driver: any ProtocolDriver, receiveBufferByteCount: Int32?,
    retryNanoseconds: UInt64 = patienceNanoseconds
  ) throws(SystemError) {
    self.retryNanoseconds = retryNanoseconds
    socket = try RouteSocket(receiveBufferByteCount: receiveBufferByteCount)
    self.loop = loop
    self.driver = driver
    registration = try loop.register(socket.descriptor, .read, self)
    requestDump()
  }

  /// How often all links were dumped again because messages were lost.
  public var resyncCount: Int { table.resyncCount }

  /// Ends the watch; nothing more is reported.
  public func stop() {
    loop.disarm(retry)
    if let registration { loop.unregister(registration) }
    registration = nil
  }

  private func requestDump() {
    sequence &+= 1
    if sequence == 0 { sequence = 1 }
    table.dumpRequested(sequence: sequence)
    askForDump()
  }

  /// Requests the dump, or repeats the request: if the dump is still running, the request is
  /// refused (EBUSY) and keeps its number, so that its end still counts.
  private func askForDump() {
    _ = socket.requestDump(sequence: sequence)
    loop.arm(retry, afterNanoseconds: retryNanoseconds)
  }

  private func carryOut(_ actions: [InterfaceTable.Action]) {
    for action in actions {
      switch action {
      case .appeared(let attributes): driver?.bindAdapter(attributes)
      case .changed(let attributes): driver?.adapterChanged(attributes)
      case .vanished(let index): driver?.unbindAdapter(interfaceIndex: index)
      case .complete: driver?.bindsComplete()
      case .resynchronized: driver?.adaptersResynchronized()
      case .requestDump: requestDump()
      }
    }
  }
}

extension InterfaceWatch: EventHandler {
  /// Reads the kernel's messages.
  public func ready(_ events: Interest) {
    for _ in 0..<Self.datagramsPerTurn {
      guard registration != nil else { return }
      switch socket.receive() {
      case .datagram(let byteCount): decode(byteCount)
      case .loss: carryOut(table.messagesLost())
      case .nothing, .failure: return
      }
    }
  }

  private func decode(_ byteCount: Int) {
    var actions: [InterfaceTable.Action] = []
    var isPartOfDump = false
    socket.withDatagram(byteCount: byteCount) { datagram in
      let isWhole = NetlinkDecoder.forEachMessage(in: datagram) { message in
        isPartOfDump = isPartOfDump || table.belongsToDump(message)
        actions += table.received(message)
      }
      if !isWhole { actions += table.messagesLost() }
    }
    if !table.isDumping {
      loop.disarm(retry)
    } else if isPartOfDump {
      loop.arm(retry, afterNanoseconds: retryNanoseconds)
    }
    carryOut(actions)
  }
}
