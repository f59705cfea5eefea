public import NDIS

/// What a client asks for when it opens a binding.
///
/// - Source: `ndisprotd.docc/Architecture.md` section 6; D-3, D-5, D-8, D-49
public struct OpenOptions: Sendable {
  /// How it shares the binding.
  public var mode: OpenMode
  /// Its properties.
  public var flags: OpenFlags
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
    mode: OpenMode = .shared, flags: OpenFlags = [], queueByteCount: Int = 0,
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
