public import NDIS
public import NdisprotClient

/// What a virtual adapter looks like, and what the process inside has to do.
///
/// - Shape: as words of a command line, `key=value`; `InsideProcess` reads them
public struct AdapterPlan: Equatable, Sendable {
  /// How frames leave the namespace.
  public enum Form: String, Sendable, CaseIterable {
    /// A TAP device, whose descriptor the pump reads and writes.
    case tap
    /// A pair of veth interfaces, whose other end the pump has a packet socket on.
    case veth
  }

  /// Which user the program is in its namespace.
  public enum Identity: String, Sendable, CaseIterable {
    /// The one outside, with ambient capabilities over the namespace.
    case own
    /// Root, and every other user is missing.
    case root
    /// Root, and other users are there as newuidmap(1) grants them.
    case mapped
  }

  /// The name of the interface.
  public var name: InterfaceName
  /// Its index.
  public var interfaceIndex: UInt32
  /// Bytes behind the header of a frame.
  public var mtu: UInt32
  /// Its address.
  public var address: MACAddress
  /// Mbit/s; 0 if that is not known.
  public var speed: UInt32
  /// How frames leave the namespace.
  public var form: Form
  /// Which user the program is.
  public var identity: Identity
  /// Whether the program gets a /sys of its namespace.
  public var hasSysfs: Bool
  /// Whether the kernel speaks IPv6 on the adapter by itself.
  public var hasIPv6: Bool

  /// Makes the plan of an adapter that looks like a binding.
  public init(
    _ granted: OpenReply, name: InterfaceName, speed: UInt32 = 0, form: Form = .tap,
    identity: Identity = .own, hasSysfs: Bool = false, hasIPv6: Bool = false
  ) {
    self.name = name
    interfaceIndex = granted.interfaceIndex
    mtu = granted.maximumFrameSize
    address = granted.address
    self.speed = speed
    self.form = form
    self.identity = identity
    self.hasSysfs = hasSysfs
    self.hasIPv6 = hasIPv6
  }

  /// The plan as words.
  public var words: [String] {
    [
      "name=\(name.text)", "index=\(interfaceIndex)", "mtu=\(mtu)", "address=\(address)",
      "speed=\(speed)", "form=\(form.rawValue)", "identity=\(identity.rawValue)",
      "sysfs=\(hasSysfs)", "ipv6=\(hasIPv6)",
    ]
  }

  /// Reads the words of a plan; nil if one is missing or means nothing.
  public init?(words: some Sequence<String>) {
    var values: [Substring: Substring] = [:]
    for word in words {
      guard let mark = word.firstIndex(of: "=") else { return nil }
      values[word[..<mark]] = word[word.index(after: mark)...]
    }
    func value<Value>(_ key: Substring, _ make: (String) -> Value?) -> Value? {
      values[key].flatMap { make(String($0)) }
    }
    guard let name = value("name", { InterfaceName($0) }),
      let interfaceIndex = value("index", { UInt32($0) }),
      let mtu = value("mtu", { UInt32($0) }),
      let address = value("address", { MACAddress($0) }),
      let speed = value("speed", { UInt32($0) }),
      let form = value("form", { Form(rawValue: $0) }),
      let identity = value("identity", { Identity(rawValue: $0) }),
      let hasSysfs = value("sysfs", { Bool($0) }),
      let hasIPv6 = value("ipv6", { Bool($0) })
    else { return nil }
    self.name = name
    self.interfaceIndex = interfaceIndex
    self.mtu = mtu
    self.address = address
    self.speed = speed
    self.form = form
    self.identity = identity
    self.hasSysfs = hasSysfs
    self.hasIPv6 = hasIPv6
  }
}
