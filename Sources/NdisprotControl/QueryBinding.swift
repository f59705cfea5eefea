internal import NDIS

/// The output of QUERY_BINDING: one binding, in the sample's bytes.
///
/// - Shape: 20 bytes, then both texts in UTF-16LE, each with a NUL that its length does not count
///   ```
///    0 u32 BindingIndex       echoed
///    4 u32 DeviceNameOffset   from the start     8 u32 DeviceNameLength    bytes
///   12 u32 DeviceDescrOffset                    16 u32 DeviceDescrLength   bytes
///   20 name, u16 0, description, u16 0
///   ```
/// - Windows: NDISPROT_QUERY_BINDING
/// - Source: `Ndisprot.docc/Rules.md` section 4.3
public struct QueryBinding: Hashable, Sendable {
  /// The length of the structure, which is also the whole input.
  public static let byteCount = 20

  /// The requested index.
  public var index: UInt32
  /// The name of the interface.
  public var name: String
  /// For people; may be empty (rule Q-15).
  public var description: String

  /// Makes an output.
  public init(index: UInt32, name: String, description: String) {
    self.index = index
    self.name = name
    self.description = description
  }

  /// Decodes a complete output.
  ///
  /// - Throws: also for the partial output of rule Q-16, which lacks the texts
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    index = try reader.integer()
    let nameOffset: UInt32 = try reader.integer()
    let nameByteCount: UInt32 = try reader.integer()
    let descriptionOffset: UInt32 = try reader.integer()
    let descriptionByteCount: UInt32 = try reader.integer()
    name = try QueryBinding.text(in: payload, at: nameOffset, nameByteCount)
    description = try QueryBinding.text(in: payload, at: descriptionOffset, descriptionByteCount)
  }

  private static func text(
    in payload: RawSpan, at offset: UInt32, _ byteCount: UInt32
  ) throws(DecodeError) -> String {
    guard offset >= QueryBinding.byteCount else { throw .tooShort }
    var reader = PayloadReader(payload)
    _ = try reader.take(Int(offset))
    guard let text = String(utf16LittleEndian: try reader.take(Int(byteCount))) else {
      throw .invalidText
    }
    return text
  }

  /// The input of the request: the structure, of which only the index is read.
  public static func input(index: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: index)
    bytes.append(zeros: byteCount - bytes.count)
    return bytes
  }

  /// The room for the whole output (rule Q-13).
  public var byteCountNeeded: Int {
    Self.byteCount + 2 * (name.utf16.count + 1 + description.utf16.count + 1)
  }

  /// The output in `room` bytes: structure, name, description, as far as they fit (rule Q-16).
  ///
  /// The lengths are always those of the whole texts; the offset of a text that did not fit is 0.
  /// Empty if not even the structure fits.
  public func encoded(room: Int) -> [UInt8] {
    guard room >= Self.byteCount else { return [] }
    let name = self.name.utf16LittleEndianBytes
    let description = self.description.utf16LittleEndianBytes
    let nameEnd = Self.byteCount + name.count + 2
    let nameFits = nameEnd <= room
    let descriptionFits = nameFits && nameEnd + description.count + 2 <= room
    var bytes: [UInt8] = []
    bytes.append(littleEndian: index)
    bytes.append(littleEndian: UInt32(nameFits ? Self.byteCount : 0))
    bytes.append(littleEndian: UInt32(clamping: name.count))
    bytes.append(littleEndian: UInt32(clamping: descriptionFits ? nameEnd : 0))
    bytes.append(littleEndian: UInt32(clamping: description.count))
    if nameFits { bytes.append(contentsOf: name + [0, 0]) }
    if descriptionFits { bytes.append(contentsOf: description + [0, 0]) }
    return bytes
  }
}

extension String {
  /// Decodes UTF-16LE; nil for an odd number of bytes or half a surrogate pair.
  public init?(utf16LittleEndian bytes: RawSpan) {
    guard bytes.byteCount.isMultiple(of: 2) else { return nil }
    var units: [UInt16] = []
    units.reserveCapacity(bytes.byteCount / 2)
    for offset in stride(from: 0, to: bytes.byteCount, by: 2) {
      units.append(unsafe UInt16(littleEndianIn: bytes, at: offset))
    }
    self.init(validating: units, as: UTF16.self)
  }

  /// The text in UTF-16LE, without NUL.
  public var utf16LittleEndianBytes: [UInt8] {
    var bytes: [UInt8] = []
    for unit in utf16 { bytes.append(littleEndian: unit) }
    return bytes
  }
}
