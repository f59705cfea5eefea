/// How an open shares its binding with others.
public enum OpenMode: UInt32, Sendable, CaseIterable {
  /// The only open for its EtherTypes on its binding, as every open of the sample is.
  case exclusive = 0
  /// Shares the binding with other opens.
  case shared = 1
}

/// Properties of an open that are on or off, and the priority of what it sends.
///
/// - Shape: the flags field of OPEN; bits 8–11 are the priority
/// - Source: `ndisprotd.docc/Architecture.md` section 6; D-5, D-8, D-49
public struct OpenFlags: OptionSet, Hashable, Sendable {
  /// The bits of the field.
  public let rawValue: UInt32
  /// Wraps any bits; unknown ones are rejected by decoders.
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  /// Writes may carry any source address.
  @inlinable public static var anySource: OpenFlags { OpenFlags(rawValue: 1) }
  /// Frames that this host sends are wanted too.
  @inlinable public static var outgoing: OpenFlags { OpenFlags(rawValue: 2) }
  /// A read that is too small fails and leaves the frame.
  @inlinable public static var failOnTruncation: OpenFlags { OpenFlags(rawValue: 4) }
  /// Writes go out without a carrier too.
  @inlinable public static var ignoreCarrier: OpenFlags { OpenFlags(rawValue: 8) }
  /// Own frames are not looped back.
  @inlinable public static var noLoopback: OpenFlags { OpenFlags(rawValue: 16) }
  /// As the sample's opens are: exclusive, with a queue of the four newest frames.
  @inlinable public static var compat: OpenFlags { OpenFlags(rawValue: 32) }
  /// All defined flags, and every priority.
  @inlinable public static var all: OpenFlags { OpenFlags(rawValue: 63 | 15 << 8) }

  /// The priority of the frames that are sent, 0 to 15; others than 0 need the protocol's feature
  /// `priorities`.
  @inlinable public var priority: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 8) & 15 }
  /// The priority of the frames that are sent; of a number above 15 its lowest four bits.
  public static func priority(_ priority: UInt8) -> OpenFlags {
    OpenFlags(rawValue: UInt32(priority & 15) << 8)
  }
}
