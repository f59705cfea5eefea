/// Optional features that client and daemon negotiate, as HELLO's feature bits.
///
/// - Shape: `u64`
public struct ProtocolFeatures: OptionSet, Hashable, Sendable {
  /// The bits.
  public let rawValue: UInt64
  /// Wraps any bits; unknown ones are allowed.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Each binding of ENUMERATE includes the caller's rights on it.
  public static let access = ProtocolFeatures(rawValue: 1)
  /// Each binding of ENUMERATE includes its kind, its master and its alternative names.
  public static let names = ProtocolFeatures(rawValue: 2)
  /// The reply of a refused request ends with the reason, announced by a flag of its header.
  public static let reasons = ProtocolFeatures(rawValue: 4)
  /// Each record of a read has the number of frames lost in front of it.
  public static let losses = ProtocolFeatures(rawValue: 8)
  /// OPEN may end with the purpose of the open, in the client's own words.
  public static let purposes = ProtocolFeatures(rawValue: 16)
  /// OPEN may ask for a priority of the frames that are sent.
  public static let priorities = ProtocolFeatures(rawValue: 32)
  /// All features.
  public static let all: ProtocolFeatures = [
    .access, .names, .reasons, .losses, .purposes, .priorities,
  ]
}
