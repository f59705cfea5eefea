/// The identity of a client, as the kernel reports it.
///
/// - Source: SO_PEERCRED and SO_PEERGROUPS at accept, unix(7); never read again
public struct Credentials: Hashable, Sendable {
  /// The process that connected; for display only, never for rights (threat T18).
  public var processID: Int32
  /// The user.
  public var userID: UInt32
  /// The primary group.
  public var groupID: UInt32
  /// The supplementary groups.
  public var groups: [UInt32]

  /// Makes credentials.
  public init(processID: Int32, userID: UInt32, groupID: UInt32, groups: [UInt32]) {
    self.processID = processID
    self.userID = userID
    self.groupID = groupID
    self.groups = groups
  }

  /// The name of the client in counters and log lines.
  public var name: String { "uid \(userID) pid \(processID)" }
}
