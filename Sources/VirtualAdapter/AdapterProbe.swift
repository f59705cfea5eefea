internal import Glibc
public import NdisprotClient

/// Looks whether this machine lets a user have a virtual adapter, without a daemon and without a trace.
///
/// - Source: `VirtualAdapter.docc/VirtualAdapter.md` section 5
public struct AdapterProbe: Sendable {
  /// Why no namespace can be had; nil if one can.
  public let obstacle: AdapterError?
  /// Why there is no TAP device, so that a veth pair is used; nil if there is one.
  public let tapObstacle: SystemError?

  /// Makes a namespace in a process of its own, which ends at once.
  ///
  /// - Thread: any; waits some milliseconds
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

  /// Makes the result of a probe.
  init(obstacle: AdapterError?, tapObstacle: SystemError?) {
    self.obstacle = obstacle
    self.tapObstacle = tapObstacle
  }
}
