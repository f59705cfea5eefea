public import NDIS
public import Platform

/// Tells a protocol driver of every link: those that are there, and what becomes of them.
///
/// After the first dump a link is `bindAdapter`, each difference `adapterChanged`, its end
/// `unbindAdapter`. What the kernel could not deliver (ENOBUFS) or dumped while it changed is asked
/// for again in whole, and the differences are told, so that nothing is missed for long.
///
/// - Thread: the loop's
/// - Ownership: the loop keeps it until `stop`; the driver is not kept
/// - Source: rtnetlink(7); /sys is never read, it may show another network namespace
public final class InterfaceWatch: InterfaceSource {
  /// Datagrams taken in one turn.
  private static let datagramsPerTurn = 16
  /// How long a dump may say nothing, refused or lost, before it is asked for again.
  static let patienceNanoseconds: UInt64 = 500_000_000

  private let retryNanoseconds: UInt64
  private let loop: EventLoop
  private let socket: RouteSocket
  private weak var driver: (any ProtocolDriver)?
  private var table = InterfaceTable()
  private var sequence: UInt32 = 0
  private var registration: Registration?
  private lazy var retry = LoopTimer { [unowned self] in askForDump() }

  /// Opens the socket and asks for the first dump.
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

  /// How often all links were asked for again because something was lost.
  public var resyncCount: Int { table.resyncCount }

  /// Ends the watch; nothing is told any more.
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

  /// Asks for the dump, or asks again: one that goes on is then refused (EBUSY) and keeps its number, so
  /// that its end is still the end.
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
  /// Takes what the kernel has said.
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
