public import MDL

/// The file format.
public enum CaptureFormat: String, CaseIterable, Sendable {
  /// Blocks with interfaces, directions and losses; what Wireshark writes.
  case pcapng
  /// Frames with times and nothing else; nanoseconds. It supports only one link type.
  case pcap
}

/// An interface as a capture file describes it.
public struct CaptureInterface: Hashable, Sendable {
  /// The link type of Ethernet.
  public static let ethernet: UInt16 = 1
  /// The most bytes of a frame that any program keeps.
  public static let maximumFrameByteCount = 262_144

  /// The interface's name; empty if the file has none.
  public var name: String
  /// For people; empty if the file has none.
  public var description = ""
  /// The interface's address.
  public var address: MACAddress?
  /// Bits per second; 0 is unknown.
  public var speed: UInt64 = 0
  /// The type of the frames, by its number in the registry of link types.
  public var linkType: UInt16
  /// The most bytes of a frame that are kept; 0 is no limit.
  public var snapLength: UInt32

  /// Describes an interface of which nothing else is known.
  public init(
    name: String = "", linkType: UInt16 = CaptureInterface.ethernet,
    snapLength: UInt32 = UInt32(CaptureInterface.maximumFrameByteCount)
  ) {
    (self.name, self.linkType, self.snapLength) = (name, linkType, snapLength)
  }
}

/// What a capture file records about a frame besides its bytes.
public struct CaptureFrame: Hashable, Sendable {
  /// The direction of a frame.
  public enum Direction: UInt32, Sendable {
    case unknown = 0
    case inbound = 1
    case outbound = 2
  }

  /// Why the interface received a frame.
  public enum Reception: UInt32, Sendable {
    case unknown = 0
    case unicast = 1
    case multicast = 2
    case broadcast = 3
    case promiscuous = 4
  }

  /// The interface, by its index in the section.
  public var interface: Int
  /// Nanoseconds since the epoch; 0 if the file has no time.
  public var timestamp: UInt64
  /// The length on the wire.
  public var originalLength: UInt32
  /// The direction.
  public var direction: Direction
  /// Why it was received.
  public var reception: Reception
  /// Frames that the interface lost since the previous one; nil if the file does not say.
  public var dropCount: UInt64?

  /// Describes a frame.
  public init(
    interface: Int = 0, timestamp: UInt64, originalLength: UInt32, direction: Direction = .unknown,
    reception: Reception = .unknown, dropCount: UInt64? = nil
  ) {
    self.interface = interface
    self.timestamp = timestamp
    self.originalLength = originalLength
    self.direction = direction
    self.reception = reception
    self.dropCount = dropCount
  }
}

/// The counters of an interface at the end of a capture.
public struct CaptureTotals: Hashable, Sendable {
  /// The interface, by its index.
  public var interface: Int
  /// When the capture began: nanoseconds since the epoch.
  public var start: UInt64 = 0
  /// When it ended: the same.
  public var end: UInt64 = 0
  /// Frames that arrived.
  public var received: UInt64 = 0
  /// Frames that were lost before a filter of the program saw them.
  public var dropped: UInt64 = 0
  /// Frames that passed that filter.
  public var accepted: UInt64 = 0
  /// How many of the lost frames the kernel lost.
  public var droppedByKernel: UInt64 = 0

  /// Creates totals that are all zero.
  public init(interface: Int) { self.interface = interface }
}
