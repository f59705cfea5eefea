/// The rights that a rule of the access policy can grant.
///
/// - Shape: `u32` on the control channel, the bits below
/// - Source: `NdisprotServer.docc/ThreatModel.md` T14–T16
public struct AccessRights: OptionSet, Hashable, Sendable {
  /// The bits.
  public let rawValue: UInt32
  /// Wraps any bits.
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Receives frames to the interface's own address, to joined groups, and broadcasts.
  @inlinable public static var read: AccessRights { AccessRights(rawValue: 1) }
  /// Sends frames from the interface's own address.
  @inlinable public static var write: AccessRights { AccessRights(rawValue: 2) }
  /// Receives frames to other addresses too.
  @inlinable public static var promiscuous: AccessRights { AccessRights(rawValue: 4) }
  /// Sets OIDs.
  @inlinable public static var setOID: AccessRights { AccessRights(rawValue: 8) }
  /// Sends frames from any address.
  @inlinable public static var anySource: AccessRights { AccessRights(rawValue: 16) }
  /// Receives the frames that other programs on this host send, too.
  @inlinable public static var allFrames: AccessRights { AccessRights(rawValue: 32) }
  /// Opens exclusively.
  @inlinable public static var exclusive: AccessRights { AccessRights(rawValue: 64) }
  /// Joins multicast groups; `setOID` includes it.
  @inlinable public static var join: AccessRights { AccessRights(rawValue: 128) }
  /// Gives the frames that it sends a priority in the interface's queues.
  @inlinable public static var priority: AccessRights { AccessRights(rawValue: 256) }
  /// All rights.
  @inlinable public static var all: AccessRights { AccessRights(rawValue: 511) }

  /// Each right with its word in files, on the command line and in the log.
  public static let words: [(word: String, right: AccessRights)] = [
    ("read", .read), ("write", .write), ("promiscuous", .promiscuous), ("set-oid", .setOID),
    ("any-source", .anySource), ("all-frames", .allFrames), ("exclusive", .exclusive),
    ("join", .join), ("priority", .priority),
  ]

  /// The right for a word; nil if it is not the word of a right.
  public init?(word: String) {
    guard let row = AccessRights.words.first(where: { $0.word == word }) else { return nil }
    self = row.right
  }

  /// The words of the rights, in a fixed order.
  public var words: [String] {
    AccessRights.words.compactMap { contains($0.right) ? $0.word : nil }
  }
}
