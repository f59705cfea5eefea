import Glibc
import NDIS
import NdisprotControl
import TestSupport
import Testing

@testable import NdisprotClient

/// A scripted daemon beside an asynchronous test.
///
/// Any task may have it: nothing of it changes, and the thread is joined once.
final class AsyncLab: @unchecked Sendable {
  private let thread: TestThread
  private let clientEnd: Int32
  private let isRunning = Flag()

  /// The script begins behind HELLO, and behind OPEN if that is expected.
  init(expectsOpen: Bool = true, _ script: @escaping @Sendable (ScriptedPeer) throws -> Void) throws
  {
    var ends: [Int32] = [0, 0]
    let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
    var patience = timeval(tv_sec: Patience.seconds, tv_usec: 0)
    setsockopt(
      ends[1], SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    clientEnd = ends[0]
    let peer = ScriptedPeer(descriptor: ends[1])
    thread = TestThread { [isRunning] in
      defer {
        close(peer.descriptor)
        isRunning.clear()
      }
      do {
        try peer.greet()
        if expectsOpen { try peer.grantOpen() }
        try script(peer)
      } catch {
        Issue.record(error)
      }
    }
  }

  /// Opens np0 and hands it over; called once.
  func frames() throws(ClientError) -> FrameSequence {
    let connection = try connection()
    return try FrameSequence(connection.open("np0", etherTypes: .eapol))
  }

  /// Says HELLO; called once.
  func connection() throws(ClientError) -> sending Connection {
    try Connection(
      MessageSocket(owning: clientEnd), interruption: nil,
      by: Deadline(after: .seconds(Patience.seconds)))
  }

  /// Whether the script has ended.
  var hasEnded: Bool { !isRunning.isSet }

  /// Waits for the script's end.
  func join() { thread.join() }
}
