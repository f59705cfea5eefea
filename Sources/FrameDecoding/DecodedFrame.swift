public import MDL

/// A frame decoded as far as possible.
public struct DecodedFrame: Sendable {
  /// A VLAN tag.
  public struct Tag: Hashable, Sendable {
    /// 0x8100 or 0x88A8.
    public let tagProtocol: UInt16
    /// Priority, drop eligibility and VLAN as in the frame.
    public let control: UInt16

    /// The VLAN; 0 for none, or for a priority alone.
    public var vlan: UInt16 { control & 0x0FFF }
    /// 0…7.
    public var priority: UInt8 { UInt8(control >> 13) }
    /// Whether it may be dropped first.
    public var isDropEligible: Bool { control & 0x1000 != 0 }
  }

  /// The value of a field.
  public enum Value: Hashable, Sendable {
    case text(String)
    case number(UInt64)

    /// The text in a line of output.
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
    /// The value.
    public internal(set) var value: Value
  }

  /// The destination; nil if the frame is too short.
  public internal(set) var destination: MACAddress?
  /// The source; nil if the frame is too short.
  public internal(set) var source: MACAddress?
  /// The tags, the outer one first.
  public internal(set) var tags: [Tag] = []
  /// The field after the tags: an EtherType, or a length below 0x600.
  public internal(set) var etherType: UInt16?
  /// The name of what the frame carries: `lldp`, `stp`, or an EtherType such as `0x88b5`.
  public internal(set) var protocolName = "short"
  /// The fields of the protocol, in order.
  public private(set) var fields: [Field] = []
  /// How the frame violates its protocol; nil if no error was found.
  public internal(set) var fault: String?
  /// Whether decoding ended because the frame was cut by the capture.
  public internal(set) var isCut = false

  /// A field's value; nil if the frame does not have it.
  public subscript(name: String) -> Value? { fields.first { $0.name == name }?.value }

  mutating func add(_ name: String, _ text: String) {
    // A repeated field becomes one field, separated by commas.
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

  /// Adds a number by its name, or as it is if it has none.
  mutating func add(_ name: String, _ number: UInt64, of names: [UInt64: String]) {
    if let word = names[number] { add(name, word) } else { add(name, number) }
  }

  /// Adds a number in hexadecimal.
  mutating func add(_ name: String, hex number: some BinaryInteger, digits: Int = 4) {
    let text = String(number, radix: 16)
    add(name, "0x" + String(repeating: "0", count: max(0, digits - text.utf8.count)) + text)
  }
}
