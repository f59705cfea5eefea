/// Who a client is, as the kernel says.
///
/// - Source: SO_PEERCRED and SO_PEERGROUPS at accept, unix(7); never asked again
public struct Credentials: Hashable, Sendable {
  /// The process that connected; for people only, never for rights (threat T18).
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

  /// As counters and log lines name the client.
  public var name: String { "uid \(userID) pid \(processID)" }
}
