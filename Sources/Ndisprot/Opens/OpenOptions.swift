public import NDIS

/// How an open shares its binding with others.
public enum OpenMode: UInt32, Sendable {
  /// The only open for its EtherTypes on its binding, as every open of the sample is.
  case exclusive = 0
  /// Shares the binding with other opens.
  case shared = 1
}

/// What a client asks for when it opens a binding.
///
/// - Source: `ndisprotd.docc/Architecture.md` section 6; D-3, D-5, D-8, D-49
public struct OpenOptions: Sendable {
  /// Properties of an open that are on or off, and the priority of what it sends.
  public struct Flags: OptionSet, Hashable, Sendable {
    /// The bits of the request's flags field.
    public let rawValue: UInt32
    /// Wraps any bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Writes may carry any source address.
    public static let anySource = Flags(rawValue: 1)
    /// Frames that this host sends are wanted too.
    public static let outgoing = Flags(rawValue: 2)
    /// A read that is too small fails and leaves the frame.
    public static let failOnTruncation = Flags(rawValue: 4)
    /// Writes go out without a carrier too.
    public static let ignoreCarrier = Flags(rawValue: 8)
    /// Own frames are not looped back.
    public static let noLoopback = Flags(rawValue: 16)
    /// As the sample's opens are: exclusive, with a queue of the four newest frames.
    public static let compat = Flags(rawValue: 32)
    /// The bits of the priority.
    private static let priorities = Flags(rawValue: 15 << 8)
    /// All defined flags, and every priority.
    public static let all: Flags = [
      .anySource, .outgoing, .failOnTruncation, .ignoreCarrier, .noLoopback, .compat, .priorities,
    ]

    /// The priority of the frames that are sent, 0 to 15.
    public var priority: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 8) & 15 }
    /// The priority of the frames that are sent; of a number above 15 its lowest four bits.
    public static func priority(_ priority: UInt8) -> Flags {
      Flags(rawValue: UInt32(priority & 15) << 8)
    }
  }

  /// How it shares the binding.
  public var mode: OpenMode
  /// Its properties.
  public var flags: Flags
  /// Its window on the receive ring, in bytes; 0 means the whole ring.
  public var queueByteCount: Int
  /// How long it waits for the interface to come up.
  public var waitMilliseconds: UInt32
  /// The EtherTypes it reads and writes; an open with an empty set moves no frames.
  public var etherTypes: EtherTypeSet
  /// Whether its records carry the number of frames lost in front of them: its client understands
  /// it.
  public var tellsLosses = false
  /// The purpose that the client states; it decides nothing.
  public var purpose = ""

  /// Creates options; the defaults are a shared open of 802.1X.
  public init(
    mode: OpenMode = .shared, flags: Flags = [], queueByteCount: Int = 0,
    waitMilliseconds: UInt32 = 0, etherTypes: EtherTypeSet = .eapol
  ) {
    self.mode = mode
    self.flags = flags
    self.queueByteCount = queueByteCount
    self.waitMilliseconds = waitMilliseconds
    self.etherTypes = etherTypes
  }

  /// OPEN_DEVICE of the sample: exclusive, 802.1X, 4.5 s for the power (rule Q-23).
  public static let openDevice = OpenOptions(
    mode: .exclusive, waitMilliseconds: 4_500)

  /// Whether frames that the open sends are looped back to it: an open that wants outgoing frames
  /// gets them anyway.
  var loopsBack: Bool { flags.isDisjoint(with: [.noLoopback, .outgoing]) }
}
