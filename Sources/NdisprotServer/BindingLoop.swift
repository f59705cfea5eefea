internal import EventLoop
internal import MDL
internal import NDIS
internal import Ndisprot
internal import WDF

/// The thread of one binding: its data path, and the sockets of every session that opened it.
///
/// A frame goes from the capture ring to a client's socket, and a write to the wire, on this one
/// thread: no hop, no wake-up.
///
/// - Thread: its own; control talks to it through `loop.post`
/// - Source: `design.md` section 4
final class BindingLoop: SessionHost, TurnHandler, @unchecked Sendable {  // Confined to its loop.
  let loop: EventLoop
  let server: ServerCore
  let binding: AdapterBinding
  private let dataPath: BindingDataPath
  private var buffers = MessageBufferPool()
  private var sessions: [ObjectIdentifier: Session] = [:]
  private var unflushed: [Session] = []

  /// Makes the data path of a binding; nothing is captured before the first open.
  init(_ binding: AdapterBinding, server: ServerCore, loop: EventLoop) throws(BindingError) {
    self.binding = binding
    self.server = server
    self.loop = loop
    dataPath = try BindingDataPath(
      binding: binding,
      miniport: server.environment.makeMiniport(binding.snapshot.attributes, loop),
      executor: LoopExecutor(loop), profile: server.configuration.profile,
      captureRingByteCount: server.configuration.captureRingByteCount,
      receiveRingByteCount: server.configuration.receiveRingByteCount)
    loop.addTurnHandler(self)
  }

  // MARK: The turn

  func turnEnded() -> Bool {
    var wantsMore = dataPath.sendPended()
    let waiting = unflushed
    unflushed.removeAll(keepingCapacity: true)
    for session in waiting where session.endTurn() {
      unflushed.append(session)
      wantsMore = true
    }
    return wantsMore
  }

  func takeBuffer() -> MessageBuffer { buffers.take() }

  func needsFlush(_ session: Session) {
    if !unflushed.contains(where: { $0 === session }) { unflushed.append(session) }
  }

  // MARK: Sessions

  /// Takes a session that wants this binding, and opens it; a refused one goes back.
  func adopt(_ session: Session, _ options: OpenOptions, _ request: RequestParcel) {
    sessions[ObjectIdentifier(session)] = session
    do throws(BindingError) {
      let open = try OpenContext.open(
        options, on: binding, dataPath: dataPath, file: session.file,
        client: session.credentials, requester: session)
      session.opened(open, request)
      session.arrive()
    } catch {
      session.refusedOpen(error, binding.snapshot.attributes.name, request)
      giveBack(session)
    }
  }

  /// Mails the session to control.
  private func giveBack(_ session: Session) {
    guard let control = server.control else { return }
    sessions[ObjectIdentifier(session)] = nil
    unflushed.removeAll { $0 === session }
    session.leave(for: control)
    _ = control.loop.post { control.takeBack(session, from: self) }
  }

  func sessionEnded(_ session: Session) {
    sessions[ObjectIdentifier(session)] = nil
    unflushed.removeAll { $0 === session }
    server.onControl { $0.sessionEnded(session, on: self) }
  }

  func handle(_ request: HostRequest, _ parcel: RequestParcel, of session: Session) {
    switch request {
    case .open: parcel.complete(.busy)
    case .close:
      session.open?.close()
      session.open = nil
      parcel.complete(.success)
      giveBack(session)
    case .wait, .cancelElsewhere, .statistics:
      server.onControl { $0.handle(request, parcel, of: session) }
    }
  }

  // MARK: The binding

  /// The interface changed; mailed by control.
  func bindingChanged(_ action: BindingStateMachine.Action) { dataPath.attributesChanged(action) }

  /// The interface is gone: everything completes, every session goes back with a dead open.
  func unbind() {
    dataPath.unbind()
    for session in sessions.values {
      session.flush()
      if !session.isEnded { giveBack(session) }
    }
  }

  /// The counters of the binding, its opens and their sessions.
  func counters() -> [CounterSet] { dataPath.counters() + sessions.values.map(\.counterSet) }

  /// Nobody needs the binding any more: closes its handles and ends the loop.
  func stop() {
    dataPath.close()
    loop.stop()
  }

  /// The daemon stops: every request completes, every session ends, then the loop.
  func shutDown() {
    for session in sessions.values { session.shutDown() }
    stop()
  }
}
