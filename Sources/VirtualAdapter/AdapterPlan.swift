public import NDIS
public import NdisprotClient

/// The properties of a virtual adapter, and the tasks of the process inside.
///
/// - Shape: as words of a command line, `key=value`; parsed by `InsideProcess`
public struct AdapterPlan: Equatable, Sendable {
  /// How frames leave the namespace.
  public enum Form: String, Sendable, CaseIterable {
    /// A TAP device, whose descriptor the pump reads and writes.
    case tap
    /// A pair of veth interfaces; the pump has a packet socket on its other end.
    case veth
  }

  /// The user that the program has in its namespace.
  public enum Identity: String, Sendable, CaseIterable {
    /// The same as outside, with ambient capabilities over the namespace.
    case own
    /// Root; no other user exists.
    case root
    /// Root; other users exist as granted by newuidmap(1).
    case mapped
  }

  /// The name of the interface.
  public var name: InterfaceName
  /// Its index.
  public var interfaceIndex: UInt32
  /// The most bytes after the header of a frame.
  public var mtu: UInt32
  /// Its address.
  public var address: MACAddress
  /// Mbit/s; 0 if unknown.
  public var speed: UInt32
  /// How frames leave the namespace.
  public var form: Form
  /// The program's user.
  public var identity: Identity
  /// Whether the program gets a /sys for its namespace.
  public var hasSysfs: Bool
  /// Whether the kernel itself uses IPv6 on the adapter.
  public var hasIPv6: Bool

  /// Creates the plan of an adapter that looks like a binding.
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

  /// Parses the words of a plan; nil if one is missing or invalid.
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
