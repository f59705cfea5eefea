internal import Glibc
public import NdisprotClient

/// Tests whether a user can have a virtual adapter on this machine, without a daemon and without a
/// trace.
///
/// - Source: `VirtualAdapter.docc/VirtualAdapter.md` section 5
public struct AdapterProbe: Sendable {
  /// Why no namespace can be created; nil if one can.
  public let obstacle: AdapterError?
  /// Why no TAP device can be used, so that a veth pair is needed; nil if one can.
  public let tapObstacle: SystemError?

  /// Creates a namespace in a separate process, which ends at once.
  ///
  /// - Thread: any; blocks for some milliseconds
  public init() {
    tapObstacle = TapDevice.obstacle
    do throws(AdapterError) {
      obstacle = InsideProcess.obstacle(
        ofStatus: try InsideLauncher.status(
          of: "/proc/self/exe", ["ndisprotctl", InsideProcess.marker, InsideProcess.probe]))
    } catch {
      obstacle = error
    }
  }

  /// Creates the result of a probe.
  init(obstacle: AdapterError?, tapObstacle: SystemError?) {
    self.obstacle = obstacle
    self.tapObstacle = tapObstacle
  }
}
