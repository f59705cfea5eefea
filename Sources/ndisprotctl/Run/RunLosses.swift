internal import NdisprotClient
internal import VirtualAdapter

/// What the daemon lost for a run: the pump learns of a loss only with the next frame, if one
/// arrives.
///
/// - Thread: the run's
final class RunLosses {
  private let socketPath: String
  /// Since the start of the run; nil once there is no baseline to compare with.
  private var losses: Losses?

  /// Starts counting, before the run uses the connection.
  init(_ open: OpenBinding, socketPath: String) {
    self.socketPath = socketPath
    losses = (try? Self.reading(open.connection, open)).map(Losses.init(from:))
  }

  /// The open was replaced, and its counters began at 0 at an unknown moment.
  func forget() { losses = nil }

  /// Completes a tally with the losses after the last frame.
  ///
  /// - Returns: the tally, and the number of frames that did not fit the capture ring
  func complete(_ tally: AdapterTally, of open: OpenBinding) -> (AdapterTally, UInt64) {
    // The run's own connection may still receive replies to abandoned requests.
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
