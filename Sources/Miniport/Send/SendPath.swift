internal import MDL
internal import NDIS
internal import Platform

/// The send socket in a loop: in epoll only while writes wait for room.
///
/// - Thread: the loop's
/// - Ownership: the loop keeps it until `close`
final class SendPath: EventHandler {
  private let interfaceIndex: Int32
  private let loop: EventLoop
  private let socket: SendSocket
  private let handler: ReceiveHandler
  private var registration: Registration?

  init(
    interfaceIndex: Int32, loop: EventLoop, handler: ReceiveHandler
  ) throws(MiniportError) {
    socket = try SendSocket(interfaceIndex: interfaceIndex)
    self.interfaceIndex = interfaceIndex
    self.loop = loop
    self.handler = handler
    do {
      registration = try loop.register(socket.descriptor, [], self)
    } catch {
      throw .system(errno: error.errno, call: error.call)
    }
  }

  /// The interface's current MTU; nil if it is gone.
  var mtu: UInt32? { KernelInterface.mtu(interfaceIndex, through: socket.descriptor) }

  func bypassQdisc() throws(MiniportError) { try socket.bypassQdisc() }

  func setPriority(_ priority: UInt8) throws(MiniportError) { try socket.setPriority(priority) }

  func send(_ frames: MDLChain, priority: UInt8) -> SendProgress {
    socket.send(frames, priority: priority)
  }

  func notifyWhenSendPossible() {
    if let registration { loop.modify(registration, .write) }
  }

  func ready(_ events: Interest) {
    guard let registration else { return }
    loop.modify(registration, [])
    handler.sendPossible()
  }

  /// Whether the kernel still has the socket bound to the interface.
  var isBound: Bool { KernelInterface.boundIndex(of: socket.descriptor) == interfaceIndex }

  /// Removes the socket, which the caller has to close.
  func close() -> SendSocket {
    if let registration { loop.unregister(registration) }
    registration = nil
    return socket
  }
}
