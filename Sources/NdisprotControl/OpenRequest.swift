public import NDIS

/// The payload of OPEN: which binding, and how.
///
/// - Shape: 20 bytes, then the EtherTypes and the name, without padding
///   ```
///    0 u32 mode              0 exclusive, 1 shared
///    4 u32 flags             bits 8–11: the priority of what is sent
///    8 u32 queueByteCount    12 u32 waitMilliseconds
///   16 u16 etherTypeCount    18 u16 nameLength
///   20 u16 etherType …       0xFFFF any, 0 LLC
///      name                  UTF-8, as `InterfaceName` has it: 1–127 bytes and escapes
///   ```
public struct OpenRequest: Hashable, Sendable {
  /// The length of the fields before the EtherTypes.
  public static let fixedByteCount = 20

  /// How an open shares its binding with others.
  public typealias Mode = OpenMode
  /// Properties of an open.
  public typealias Flags = OpenFlags

  /// How the open shares its binding with others.
  public var mode: Mode
  /// The properties of the open.
  public var flags: Flags
  /// The window on the receive ring, in bytes; 0 is the daemon's default.
  public var queueByteCount: UInt32
  /// How long to wait for the interface to come up.
  public var waitMilliseconds: UInt32
  /// The EtherTypes to read and write; an open with an empty set moves no frames.
  public var etherTypes: EtherTypeSet
  /// The name of the interface, or an alternative one.
  public var name: InterfaceName

  /// Makes the payload.
  public init(
    name: InterfaceName, etherTypes: EtherTypeSet, mode: Mode = .shared, flags: Flags = [],
    queueByteCount: UInt32 = 0, waitMilliseconds: UInt32 = 0
  ) {
    self.mode = mode
    self.flags = flags
    self.queueByteCount = queueByteCount
    self.waitMilliseconds = waitMilliseconds
    self.etherTypes = etherTypes
    self.name = name
  }

  /// Decodes a payload.
  ///
  /// - Throws: `.invalidValue` for an unknown mode or flag, more than 16 EtherTypes, or a number that
  ///   is a length (1 … 0x05FF); `.invalidText` for a name that no interface can have
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    (mode, flags) = try reader.modeAndFlags()
    queueByteCount = try reader.integer()
    waitMilliseconds = try reader.integer()
    let etherTypeCount: UInt16 = try reader.integer()
    let nameByteCount: UInt16 = try reader.integer()
    etherTypes = try reader.etherTypes(etherTypeCount)
    name = try reader.interfaceName(Int(nameByteCount))
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    let name = self.name.text.utf8
    var bytes: [UInt8] = []
    bytes.append(littleEndian: mode.rawValue)
    bytes.append(littleEndian: flags.rawValue)
    bytes.append(littleEndian: queueByteCount)
    bytes.append(littleEndian: waitMilliseconds)
    bytes.append(littleEndian: UInt16(clamping: etherTypes.wireValues.count))
    bytes.append(littleEndian: UInt16(clamping: name.count))
    bytes.append(etherTypes)
    bytes.append(contentsOf: name)
    return bytes
  }
}

extension PayloadReader {
  mutating func modeAndFlags() throws(DecodeError) -> (OpenRequest.Mode, OpenRequest.Flags) {
    guard let mode = OpenRequest.Mode(rawValue: try integer()) else { throw .invalidValue }
    let flags = OpenRequest.Flags(rawValue: try integer())
    guard flags.isSubset(of: .all) else { throw .invalidValue }
    return (mode, flags)
  }

  mutating func etherTypes(_ count: UInt16) throws(DecodeError) -> EtherTypeSet {
    guard count <= EtherTypeSet.maximumCount else { throw .invalidValue }
    var values: [UInt16] = []
    for _ in 0..<count {
      let value: UInt16 = try integer()
      // IEEE 802.3: below 0x0600 the field is a length; 0 stands for all of these here.
      guard value == EtherTypeSet.llcValue || value >= 0x0600 else { throw .invalidValue }
      values.append(value)
    }
    return EtherTypeSet(values)
  }
}

extension [UInt8] {
  mutating func append(_ etherTypes: EtherTypeSet) {
    for value in etherTypes.wireValues { append(littleEndian: value) }
  }
}
