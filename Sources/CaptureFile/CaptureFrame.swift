public import MDL

/// How frames are kept in a file.
public enum CaptureFormat: String, CaseIterable, Sendable {
  /// Blocks with interfaces, directions and losses; what Wireshark writes.
  case pcapng
  /// Frames with times and nothing else; nanoseconds. It has no place for a second link type.
  case pcap
}

/// An interface as a capture file describes it.
public struct CaptureInterface: Hashable, Sendable {
  /// The link type of Ethernet.
  public static let ethernet: UInt16 = 1
  /// Bytes of a frame that any program keeps at most.
  public static let maximumFrameByteCount = 262_144

  /// The interface's name; empty if the file does not say.
  public var name: String
  /// For people; empty if the file does not say.
  public var description = ""
  /// The interface's address.
  public var address: MACAddress?
  /// Bits a second; 0 is unknown.
  public var speed: UInt64 = 0
  /// What the frames are, by its number of the registry of link types.
  public var linkType: UInt16
  /// Bytes of a frame that are kept at most; 0 is no limit.
  public var snapLength: UInt32

  /// Describes an interface of which no more is known.
  public init(
    name: String = "", linkType: UInt16 = CaptureInterface.ethernet,
    snapLength: UInt32 = UInt32(CaptureInterface.maximumFrameByteCount)
  ) {
    (self.name, self.linkType, self.snapLength) = (name, linkType, snapLength)
  }
}

/// What a capture file says of a frame beside its bytes.
public struct CaptureFrame: Hashable, Sendable {
  /// Which way a frame went.
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

  /// The interface, by its place among those of the section.
  public var interface: Int
  /// Nanoseconds since the epoch; 0 where the file has no time.
  public var timestamp: UInt64
  /// Bytes the frame had on the wire.
  public var originalLength: UInt32
  /// Which way it went.
  public var direction: Direction
  /// Why it was received.
  public var reception: Reception
  /// Frames that the interface lost since the frame before; nil if the file does not say.
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

/// What was counted of an interface by the end of a capture.
public struct CaptureTotals: Hashable, Sendable {
  /// The interface, by its place.
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
  /// Of the lost ones, those that the kernel lost.
  public var droppedByKernel: UInt64 = 0

  /// Totals of an interface of which nothing was counted yet.
  public init(interface: Int) { self.interface = interface }
}
