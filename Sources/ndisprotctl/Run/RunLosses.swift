internal import NdisprotClient
internal import VirtualAdapter

/// What the daemon lost in front of a run: the pump learns of that only with the next frame, if one comes.
///
/// - Thread: the run's
final class RunLosses {
  private let socketPath: String
  /// From the start of the run on; nil once there is nothing to compare with.
  private var losses: Losses?

  /// Begins to count, before the run has the connection.
  init(_ open: OpenBinding, socketPath: String) {
    self.socketPath = socketPath
    losses = (try? Self.reading(open.connection, open)).map(Losses.init(from:))
  }

  /// The open is another one, whose counters began at 0 at a moment that is not known.
  func forget() { losses = nil }

  /// Completes a tally with what came behind the last frame.
  ///
  /// - Returns: the tally, and frames for which the capture ring had no room
  func complete(_ tally: AdapterTally, of open: OpenBinding) -> (AdapterTally, UInt64) {
    // The run's own connection may have answers on their way that are not waited for any more.
    guard var losses, let connection = try? Connection(path: socketPath, timeout: .seconds(1))
    else { return (tally, 0) }
    connection.latest = Deadline(after: .seconds(1))
    guard let reading = try? Self.reading(connection, open) else { return (tally, 0) }
    losses.update(reading)
    var tally = tally
    tally.overrun = max(tally.overrun, losses[.rxOverrun])
    return (tally, losses[.kernelDrops])
  }

  private static func reading(
    _ connection: Connection, _ open: OpenBinding
  ) throws(ClientError) -> [(Counter, UInt64)] {
    try LossCounters.reading(connection, interfaceIndex: open.granted.interfaceIndex)
  }
}
