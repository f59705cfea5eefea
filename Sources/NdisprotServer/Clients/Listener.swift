internal import CLinux
internal import Glibc
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

/// The socket that clients connect to, on control's loop: admits them, or replies why not.
///
/// - Thread: control
/// - Source: threat T3; accept(2)
final class Listener: EventHandler {
  /// The pause after an error of accept(2) that the next call would meet too.
  private static let restNanoseconds: UInt64 = 100_000_000
  /// Connections per turn: a burst of them must not starve the admitted clients.
  private static let connectionsPerTurn = 16

  private let descriptor: Int32
  private var registration: Registration?
  private weak var control: ControlLoop?
  /// A spare descriptor, closed for a moment when no other is left, so that one client gets a
  /// reply.
  private var reserve: Int32 = -1
  /// The failure was logged, and no client was admitted since.
  private var hasComplained = false

  /// Takes ownership of a listening socket, and rejects descriptors sent through it from now on.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    _ = clinux_forbid_rights(descriptor)
    openReserve()
  }

  private func openReserve() {
    if reserve < 0 { reserve = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC) }
  }

  /// Starts admitting clients.
  func start(on control: ControlLoop) throws(SystemError) {
    self.control = control
    registration = try control.loop.register(descriptor, .read, self)
  }

  func ready(_ events: Interest) {
    guard let control else { return }
    for _ in 0..<Listener.connectionsPerTurn {
      let client = clinux_accept(descriptor)
      if client >= 0 {
        admit(ClientSocket(client), to: control)
        continue
      }
      switch errno {
      case EAGAIN: return
      // The fault of a client that is gone.
      case EINTR, ECONNABORTED: continue
      case EMFILE, ENFILE:
        if refuseForLackOfDescriptors(control) { continue }
        rest(control)
        return
      default:
        let cause = SystemError(failed: "accept").text
        complain(control, "no client can be let in: \(cause)")
        rest(control)
        return
      }
    }
  }

  /// Pauses: the socket stays readable, and the next call would fail as well.
  private func rest(_ control: ControlLoop) {
    guard let registration else { return }
    control.loop.modify(registration, [])
    let timer = LoopTimer { [weak self, weak control] in
      guard let self, let control else { return }
      openReserve()
      control.loop.modify(registration, .read)
    }
    control.loop.arm(timer, afterNanoseconds: Listener.restNanoseconds)
  }

  /// Logs a failure once, until a client is admitted.
  private func complain(_ control: ControlLoop, _ text: String) {
    if !hasComplained { control.server.log(.warning, text) }
    hasComplained = true
  }

  /// Out of descriptors: gives up the spare one to tell one client why it is refused.
  ///
  /// - Returns: whether a client was refused this way
  private func refuseForLackOfDescriptors(_ control: ControlLoop) -> Bool {
    complain(
      control,
      "no descriptor is left for new clients: they are refused. Give the service a higher "
        + "LimitNOFILE, or write a lower [daemon] sessions")
    if reserve >= 0 { close(reserve) }
    reserve = -1
    let client = clinux_accept(descriptor)
    if client >= 0 {
      let socket = ClientSocket(client)
      refuse(socket, Credentials(ofPeer: client)?.userID ?? 0, control)
    }
    openReserve()
    return client >= 0
  }

  private func admit(_ socket: ClientSocket, to control: ControlLoop) {
    let server = control.server
    guard let credentials = Credentials(ofPeer: socket.descriptor) else {
      server.closers.close(socket, of: 0)
      return
    }
    let place: SessionPlace
    do throws(AdmissionRefusal) {
      place = try control.admission(of: credentials)
    } catch {
      server.auditDenial(
        error.reason,
        AuditRecord(
          .denied, ClientIdentity(credentials, server.userNames), operation: "connect",
          rule: error.rule, outcome: error.text
        ).with("cause", text: error.text), of: credentials)
      refuse(socket, credentials.userID, control)
      return
    }
    SendBufferBudget.begin(socket)
    do throws(WdfError) {
      let session = try Session.make(
        socket, place, credentials: credentials, server: server, host: control,
        isKnown: control.knows(credentials))
      hasComplained = false
      control.begin(session)
    } catch {
      server.closers.close(socket, of: credentials.userID, place)
    }
  }

  /// Sends the reason before hanging up: as the answer to the HELLO that the client is about to
  /// send.
  private func refuse(_ socket: ClientSocket, _ userID: UInt32, _ control: ControlLoop) {
    var header = MessageHeader(opcode: Opcode.hello.rawValue, id: 0)
    header.flags = MessageHeader.replyFlag
    header.setStatus(.tooManySessions)
    let bytes = header.encoded
    let message = OutgoingMessages()
    message.append(unsafe bytes.span.bytes, RawSpan())
    _ = message.flush(to: socket.descriptor)
    control.server.closers.close(socket, of: userID)
  }
}

/// Why a client cannot have one more session.
struct AdmissionRefusal: Error {
  let rule: String
  let text: String
  /// The label in the metric.
  var reason: DenialReason { rule == "-" ? .limit : .quota }
}

extension ControlLoop {
  /// Sessions of administrators beyond the overall limit.
  private static let administratorSessions = 16

  /// Whether some rule names a client, or it is an administrator.
  func knows(_ client: Credentials) -> Bool {
    client.userID == server.ownUserID || policy.knows(client)
  }

  /// Charges a client for a session.
  fileprivate func admission(
    of client: Credentials
  ) throws(AdmissionRefusal) -> SessionPlace {
    let (budgets, configuration) = (server.budgets, server.configuration)
    let holder = Budget.Holder(userID: client.userID)
    let count = budgets.sessions.used(by: client.userID)
    if client.userID != 0,
      let refusal = policy.sessionRefusal(of: client, count: count)
    {
      budgets.sessions.noteRefusal()
      throw AdmissionRefusal(rule: refusal.ruleName, text: refusal.description)
    }
    // A client that can fix the problem is admitted.
    let isAdministrator = client.userID == 0 || client.userID == server.ownUserID
    let spare = isAdministrator ? ControlLoop.administratorSessions : 0
    guard let charge = budgets.sessions.charge(to: holder, spare: spare) else {
      let isOwn = client.userID != 0 && count >= configuration.maximumSessionsPerUser
      throw AdmissionRefusal(
        rule: "-",
        text: isOwn
          ? "sessions_per_user = \(configuration.maximumSessionsPerUser) is used up"
          : "sessions = \(configuration.maximumSessions) is used up")
    }
    let place = SessionPlace(charge)
    guard !knows(client) else { return place }
    guard let stranger = budgets.strangers.charge(to: holder) else {
      throw AdmissionRefusal(
        rule: "-",
        text: "no rule speaks of this user, and the \(Budgets.strangerSessions) sessions for such "
          + "users are used up")
    }
    place.change(stranger)
    return place
  }
}
