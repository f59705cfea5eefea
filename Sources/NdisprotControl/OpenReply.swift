public import MDL
public import NDIS

/// The payload of OPEN's reply: what was granted.
///
/// - Shape: 32 bytes, then the EtherTypes and the name, without padding
///   ```
///    0 u32 mode              4 u32 flags
///    8 u32 queueByteCount    12 u32 interfaceIndex
///   16 u32 maximumFrameSize  the MTU
///   20 u16 etherTypeCount    22 u16 nameLength
///   24 address, 6 bytes      30 u16 zero
///   32 u16 etherType …
///      name                  UTF-8
///   ```
public struct OpenReply: Hashable, Sendable {
  /// The length of the fields before the EtherTypes.
  public static let fixedByteCount = 32

  /// How the open shares its binding with others.
  public var mode: OpenRequest.Mode
  /// The properties of the open.
  public var flags: OpenRequest.Flags
  /// The window on the receive ring, in bytes.
  public var queueByteCount: UInt32
  /// The interface index.
  public var interfaceIndex: UInt32
  /// The interface's MTU: the most bytes after the header of a frame.
  public var maximumFrameSize: UInt32
  /// The interface's address.
  public var address: MACAddress
  /// The EtherTypes of the open.
  public var etherTypes: EtherTypeSet
  /// The name of the interface.
  public var name: String

  /// Makes the payload.
  public init(
    mode: OpenRequest.Mode, flags: OpenRequest.Flags, queueByteCount: UInt32,
    interfaceIndex: UInt32, maximumFrameSize: UInt32, address: MACAddress,
    etherTypes: EtherTypeSet, name: String
  ) {
    self.mode = mode
    self.flags = flags
    self.queueByteCount = queueByteCount
    self.interfaceIndex = interfaceIndex
    self.maximumFrameSize = maximumFrameSize
    self.address = address
    self.etherTypes = etherTypes
    self.name = name
  }

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    (mode, flags) = try reader.modeAndFlags()
    queueByteCount = try reader.integer()
    interfaceIndex = try reader.integer()
    maximumFrameSize = try reader.integer()
    let etherTypeCount: UInt16 = try reader.integer()
    let nameByteCount: UInt16 = try reader.integer()
    address = try reader.address()
    try reader.zeros(2)
    etherTypes = try reader.etherTypes(etherTypeCount)
    name = try reader.text(Int(nameByteCount))
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    let name = self.name.utf8Prefix(Int(UInt16.max))
    var bytes: [UInt8] = []
    bytes.append(littleEndian: mode.rawValue)
    bytes.append(littleEndian: flags.rawValue)
    bytes.append(littleEndian: queueByteCount)
    bytes.append(littleEndian: interfaceIndex)
    bytes.append(littleEndian: maximumFrameSize)
    bytes.append(littleEndian: UInt16(clamping: etherTypes.wireValues.count))
    bytes.append(littleEndian: UInt16(clamping: name.count))
    bytes.append(address)
    bytes.append(zeros: 2)
    bytes.append(etherTypes)
    bytes.append(contentsOf: name)
    return bytes
  }
}
