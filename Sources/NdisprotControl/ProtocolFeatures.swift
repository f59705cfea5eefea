/// What client and daemon may agree on beyond the version, in HELLO's feature bits.
///
/// - Shape: `u64`
public struct ProtocolFeatures: OptionSet, Hashable, Sendable {
  /// The bits.
  public let rawValue: UInt64
  /// Wraps any bits; unknown ones are no error.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// ENUMERATE tells with each binding what the caller may do there.
  public static let access = ProtocolFeatures(rawValue: 1)
  /// ENUMERATE tells with each binding its kind, its master and its alternative names.
  public static let names = ProtocolFeatures(rawValue: 2)
  /// A reply that refuses something ends with the reason, and a flag of its header says so.
  public static let reasons = ProtocolFeatures(rawValue: 4)
  /// Each record of a read says how many frames were lost in front of it.
  public static let losses = ProtocolFeatures(rawValue: 8)
  /// OPEN may end with what the open is for, in the client's own words.
  public static let purposes = ProtocolFeatures(rawValue: 16)
  /// Every one.
  public static let all: ProtocolFeatures = [.access, .names, .reasons, .losses, .purposes]
}
