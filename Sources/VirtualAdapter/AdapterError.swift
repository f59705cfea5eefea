public import NdisprotClient

/// Why a program does not get its virtual adapter.
public enum AdapterError: Error, Equatable, Sendable {
  /// A step in the creation of the namespace or the interface failed.
  case step(Step, SystemError)
  /// newuidmap(1) or newgidmap(1) did not map the users, or there is no range for this user.
  case unmapped(reason: String)
  /// The process inside ended before it was ready, and has reported why.
  case ended(ProgramEnd)
  /// The daemon refused something, or is gone.
  case client(ClientError)
  /// The program cannot be run.
  case program(String, SystemError)

  /// The step that failed.
  public enum Step: String, Sendable, CaseIterable {
    /// unshare(2): user and network namespace.
    case namespaces
    /// The users and groups of the namespace.
    case identity
    /// Opening /dev/net/tun.
    case device
    /// Creating the interface and setting its properties.
    case interface
    /// Mounting another /sys.
    case sysfs
    /// The program's capabilities.
    case capabilities
    /// Passing descriptors, or waiting for them.
    case handover
    /// Starting a process.
    case spawn
    /// Watching descriptors and signals.
    case loop
  }
}

/// How a program ended.
public enum ProgramEnd: Equatable, Sendable {
  /// With this status.
  case exited(Int32)
  /// By this signal.
  case killed(Int32)
}
