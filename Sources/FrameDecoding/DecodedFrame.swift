public import MDL

/// A frame taken apart as far as it is known.
public struct DecodedFrame: Sendable {
  /// A VLAN tag.
  public struct Tag: Hashable, Sendable {
    /// 0x8100 or 0x88A8.
    public let tagProtocol: UInt16
    /// Priority, drop eligibility and VLAN as they stand in the frame.
    public let control: UInt16

    /// The VLAN; 0 is none, and a priority alone.
    public var vlan: UInt16 { control & 0x0FFF }
    /// 0…7.
    public var priority: UInt8 { UInt8(control >> 13) }
    /// Whether it may be dropped first.
    public var isDropEligible: Bool { control & 0x1000 != 0 }
  }

  /// What a field holds.
  public enum Value: Hashable, Sendable {
    case text(String)
    case number(UInt64)

    /// As a line shows it.
    public var text: String {
      switch self {
      case .text(let text): text
      case .number(let number): "\(number)"
      }
    }
  }

  /// One field of a protocol.
  public struct Field: Hashable, Sendable {
    /// A word without spaces.
    public let name: String
    /// What it holds.
    public internal(set) var value: Value
  }

  /// Where it goes; nil of a frame that ends before.
  public internal(set) var destination: MACAddress?
  /// Where it comes from; nil of a frame that ends before.
  public internal(set) var source: MACAddress?
  /// The tags, the outer one first.
  public internal(set) var tags: [Tag] = []
  /// What stands behind the tags: an EtherType, or a length below 0x600.
  public internal(set) var etherType: UInt16?
  /// The word for what the frame carries: `lldp`, `stp`, or an EtherType such as `0x88b5`.
  public internal(set) var protocolName = "short"
  /// What the protocol says, in its order.
  public private(set) var fields: [Field] = []
  /// Why the frame is not what its protocol asks for; nil if nothing was found wrong.
  public internal(set) var fault: String?
  /// Whether decoding ended because the frame was cut when it was captured.
  public internal(set) var isCut = false

  /// A field's value; nil if the frame does not have it.
  public subscript(name: String) -> Value? { fields.first { $0.name == name }?.value }

  mutating func add(_ name: String, _ text: String) {
    // What comes more than once is one field with commas.
    if let index = fields.firstIndex(where: { $0.name == name }) {
      fields[index].value = .text(fields[index].value.text + "," + text)
    } else {
      fields.append(Field(name: name, value: .text(text)))
    }
  }

  mutating func add(_ name: String, _ number: some BinaryInteger) {
    guard fields.contains(where: { $0.name == name }) else {
      return fields.append(Field(name: name, value: .number(UInt64(clamping: number))))
    }
    add(name, "\(number)")
  }

  /// Adds a number as what it means, or as itself where that is not known.
  mutating func add(_ name: String, _ number: UInt64, of names: [UInt64: String]) {
    if let word = names[number] { add(name, word) } else { add(name, number) }
  }

  /// Adds a number in hexadecimal.
  mutating func add(_ name: String, hex number: some BinaryInteger, digits: Int = 4) {
    let text = String(number, radix: 16)
    add(name, "0x" + String(repeating: "0", count: max(0, digits - text.utf8.count)) + text)
  }
}
