public import MDL
public import NDIS

/// The interfaces that a rule, or a binding of the configuration, speaks of.
///
/// What is given must all match; one that gives nothing matches no interface.
public struct InterfaceMatch: Hashable, Sendable {
  /// A name, or a pattern of names.
  public enum Name: Hashable, Sendable {
    /// This name, whatever characters it has.
    case exactly(InterfaceName)
    /// Any name of a pattern.
    case like(NamePattern)
  }

  /// One of the current names: its own, or an alternative one.
  ///
  /// An alternative name is given by root of the network namespace, as a name is, and is as good.
  public var name: Name?
  /// The current address.
  public var address: MACAddress?
  /// The driver, as `ethtool -i` names it.
  public var driver: String?

  /// Makes a match.
  public init(name: Name? = nil, address: MACAddress? = nil, driver: String? = nil) {
    self.name = name
    self.address = address
    self.driver = driver
  }

  /// Whether an interface is meant.
  public enum Verdict: Sendable {
    /// It is.
    case yes
    /// It is not.
    case no
    /// That depends on its driver, which nobody has named yet.
    case undecided
  }

  /// Whether an interface is meant for sure.
  public func matches(_ attributes: AdapterAttributes) -> Bool { verdict(on: attributes) == .yes }

  /// Whether an interface is meant, as far as is known.
  public func verdict(on attributes: AdapterAttributes) -> Verdict {
    if name == nil, address == nil, driver == nil { return .no }
    switch name {
    case .exactly(let name): if !attributes.names.contains(name) { return .no }
    case .like(let pattern): if !attributes.names.contains(where: pattern.matches) { return .no }
    case nil: break
    }
    if let address, address != attributes.address { return .no }
    guard let driver else { return .yes }
    guard let known = attributes.driver else { return .undecided }
    return driver == known ? .yes : .no
  }
}

extension AdapterAttributes {
  /// Whether every `InterfaceMatch` says the same of both.
  func isNamedLike(_ other: AdapterAttributes) -> Bool {
    names == other.names && address == other.address && driver == other.driver
  }
}
