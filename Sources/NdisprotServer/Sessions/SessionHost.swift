internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

/// A loop that has sessions: control's, or a binding's.
///
/// - Thread: its own, except `loop.post`
protocol SessionHost: AnyObject, Sendable {
  var loop: EventLoop { get }

  /// The access policy that this loop applies; when a reload is answered, all loops have the same
  /// one.
  var policy: AccessPolicy { get }

  /// Measures the time spent on each of its sessions.
  var meter: CPUAccounting { get }

  /// Its sessions.
  var sessionsHere: [Session] { get }

  /// Ends the open of a session, which stays with control.
  func endOpen(of session: Session)

  /// A buffer for one message.
  func takeBuffer() -> MessageBuffer

  /// The session has replies to send at the end of this turn.
  func needsFlush(_ session: Session)

  /// The session's client left, or receives nothing any more: it is ended in one of the next turns.
  func sessionLeaves(_ session: Session)

  /// Handles a message that the session does not answer by itself: opening, closing,
  /// administration.
  func handle(_ request: HostRequest, _ box: RequestBox, of session: Session)

  /// The session's socket is closed.
  func sessionEnded(_ session: Session)
}

/// What a session asks of the loop that has it.
enum HostRequest: Sendable {
  case open(Opening)
  case close
  case wait(names: [InterfaceName], timeoutMilliseconds: UInt32)
  case cancelElsewhere(UInt64)
  case statistics(StatisticsRequest)
  case administer(AdministrationRequest)
  case subscribe(Subscription)
}
