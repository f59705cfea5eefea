public import MDL
public import NDIS

/// One binding in the reply to ENUMERATE.
///
/// - Shape: 40 bytes, the name, the description, further texts, zeros up to a multiple of 8
///   ```
///    0 u32 byteCount      of the whole entry   4 u32 interfaceIndex
///    8 u32 state                              12 u32 link    NDIS_MEDIA_CONNECT_STATE
///   16 u32 power          1 on, 0 low         20 u32 mtu
///   24 u32 opens                              28 u16 nameLength  30 u16 descriptionLength
///   32 address, 6 bytes                       38 u16 textCount    0, or 2 and the names
///   40 name               UTF-8, as `InterfaceName` has it
///      description        UTF-8
///      texts              each [length u16][UTF-8]: kind, master, then the alternative names;
///                         with ``ProtocolFeatures/names``, in ENUMERATE alone
///                         zeros up to a multiple of 8
///      [accessCount u32][zero u32], ``Access`` …
///                         with ``ProtocolFeatures/access``, in ENUMERATE alone
///   ```
public struct BindingEntry: Hashable, Sendable {
  /// The length of the fields before the name.
  public static let fixedByteCount = 40
  /// The most bytes of a description that are sent: IFALIASZ - 1, the longest alias of an
  /// interface.
  public static let maximumDescriptionByteCount = 255

  /// The interface index.
  public var interfaceIndex: UInt32
  /// Where the binding is in its life cycle.
  public var state: BindingState
  /// The carrier.
  public var link: MediaConnectState
  /// Whether the interface is administratively up.
  public var isPowered: Bool
  /// The most bytes after the header of a frame.
  public var mtu: UInt32
  /// The number of opens.
  public var openCount: UInt32
  /// The interface's address.
  public var address: MACAddress
  /// The name of the interface.
  public var name: String
  /// For people; cut to `maximumDescriptionByteCount` when sent.
  public var description: String
  /// Its other names, and its master; nil from a daemon that does not send them.
  public var names: Names?

  /// The names of an interface other than its own.
  public struct Names: Hashable, Sendable {
    /// The kind of a virtual interface: `veth`, `bridge`.
    public var kind: String
    /// The name of the bridge, bond or other interface that it is a port of; empty if it is no
    /// port.
    public var master: String
    /// Alternative names, which open it as its own does.
    public var alternativeNames: [String]

    /// Creates a set of names.
    public init(kind: String = "", master: String = "", alternativeNames: [String] = []) {
      self.kind = kind
      self.master = master
      self.alternativeNames = alternativeNames
    }

    fileprivate var texts: [String] { [kind, master] + alternativeNames }
  }
  /// The caller's rights, a row for each rule that grants any; nil if they were not requested.
  public var access: [Access]?

  /// The rights that one rule grants the caller on a binding.
  ///
  /// - Shape: `[rights u32][etherTypeCount u16][zero u16][etherType u16 …]`, zeros up to a multiple of 8
  public struct Access: Hashable, Sendable {
    /// The rights.
    public var rights: AccessRights
    /// The EtherTypes that they apply to.
    public var etherTypes: EtherTypeSet

    /// Makes a row.
    public init(rights: AccessRights, etherTypes: EtherTypeSet) {
      self.rights = rights
      self.etherTypes = etherTypes
    }
  }

  /// The most rows that are sent.
  public static let maximumAccessCount = 64

  /// Creates an entry.
  public init(
    interfaceIndex: UInt32, state: BindingState, link: MediaConnectState, isPowered: Bool,
    mtu: UInt32, openCount: UInt32, address: MACAddress, name: String, description: String,
    names: Names? = nil
  ) {
    self.interfaceIndex = interfaceIndex
    self.state = state
    self.link = link
    self.isPowered = isPowered
    self.mtu = mtu
    self.openCount = openCount
    self.address = address
    self.name = name
    self.description = description
    self.names = names
  }

  /// Whether a name opens this binding, byte for byte: its own, or an alternative one.
  public func isNamed(_ name: String) -> Bool {
    let all = [self.name] + (names?.alternativeNames ?? [])
    guard let name = InterfaceName(name) else { return false }
    return all.contains { InterfaceName($0) == name }
  }

  /// Reads the next entry of a payload.
  init(from payload: inout PayloadReader) throws(DecodeError) {
    let byteCount: UInt32 = try payload.integer()
    guard byteCount >= Self.fixedByteCount, byteCount % 8 == 0 else { throw .invalidValue }
    var reader = PayloadReader(try payload.take(Int(byteCount) - 4))
    interfaceIndex = try reader.integer()
    guard let state = BindingState(rawValue: try reader.integer()),
      let link = MediaConnectState(rawValue: try reader.integer())
    else { throw .invalidValue }
    self.state = state
    self.link = link
    isPowered = try reader.flag()
    mtu = try reader.integer()
    openCount = try reader.integer()
    let nameByteCount: UInt16 = try reader.integer()
    let descriptionByteCount: UInt16 = try reader.integer()
    address = try reader.address()
    let textCount: UInt16 = try reader.integer()
    name = try reader.text(Int(nameByteCount))
    description = try reader.text(Int(descriptionByteCount))
    names = try reader.names(Int(textCount))
    try reader.zeros(-(Int(byteCount) - reader.remainingByteCount) & 7)
    if reader.remainingByteCount > 0 { access = try Self.access(from: &reader) }
    try reader.end()
  }

  private static func access(from reader: inout PayloadReader) throws(DecodeError) -> [Access] {
    let count: UInt32 = try reader.integer()
    try reader.zeros(4)
    guard count <= maximumAccessCount else { throw .invalidValue }
    var rows: [Access] = []
    for _ in 0..<count {
      let rights = AccessRights(rawValue: try reader.integer())
      let typeCount: UInt16 = try reader.integer()
      try reader.zeros(2)
      var types: [UInt16] = []
      for _ in 0..<typeCount { types.append(try reader.integer()) }
      try reader.zeros((8 - Int(typeCount) * 2 % 8) % 8)
      rows.append(Access(rights: rights, etherTypes: EtherTypeSet(types)))
    }
    return rows
  }

  private var encodedAccess: [UInt8] {
    guard let access else { return [] }
    let rows = access.prefix(Self.maximumAccessCount)
    var bytes: [UInt8] = []
    bytes.append(littleEndian: UInt32(rows.count))
    bytes.append(zeros: 4)
    for row in rows {
      let types = row.etherTypes.wireValues.prefix(EtherTypeSet.maximumCount)
      bytes.append(littleEndian: row.rights.rawValue)
      bytes.append(littleEndian: UInt16(types.count))
      bytes.append(zeros: 2)
      for type in types { bytes.append(littleEndian: type) }
      bytes.pad(from: 0)
    }
    return bytes
  }

  /// The bytes of the entry.
  public var encoded: [UInt8] {
    let name = self.name.utf8Prefix(Int(UInt16.max))
    let description = self.description.utf8Prefix(Self.maximumDescriptionByteCount)
    let texts = (names?.texts ?? []).prefix(Int(UInt16.max)).map { $0.utf8Prefix(Int(UInt16.max)) }
    let textByteCount = texts.reduce(0) { $0 + 2 + $1.count }
    let access = encodedAccess
    let textEnd =
      (Self.fixedByteCount + name.count + description.count + textByteCount + 7) & ~7
    let byteCount = textEnd + access.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    bytes.append(littleEndian: UInt32(clamping: byteCount))
    bytes.append(littleEndian: interfaceIndex)
    bytes.append(littleEndian: state.rawValue)
    bytes.append(littleEndian: link.rawValue)
    bytes.append(littleEndian: UInt32(isPowered ? 1 : 0))
    bytes.append(littleEndian: mtu)
    bytes.append(littleEndian: openCount)
    bytes.append(littleEndian: UInt16(clamping: name.count))
    bytes.append(littleEndian: UInt16(clamping: description.count))
    bytes.append(address)
    bytes.append(littleEndian: UInt16(clamping: texts.count))
    bytes.append(contentsOf: name)
    bytes.append(contentsOf: description)
    for text in texts {
      bytes.append(littleEndian: UInt16(clamping: text.count))
      bytes.append(contentsOf: text)
    }
    bytes.pad(from: 0)
    bytes.append(contentsOf: access)
    return bytes
  }
}

extension PayloadReader {
  fileprivate mutating func names(_ count: Int) throws(DecodeError) -> BindingEntry.Names? {
    guard count > 0 else { return nil }
    guard count >= 2 else { throw .invalidValue }
    var texts: [String] = []
    for _ in 0..<count {
      let byteCount: UInt16 = try integer()
      texts.append(try text(Int(byteCount)))
    }
    return BindingEntry.Names(
      kind: texts[0], master: texts[1], alternativeNames: Array(texts.dropFirst(2)))
  }
}
