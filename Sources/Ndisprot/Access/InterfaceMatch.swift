public import MDL
public import NDIS

/// The interfaces that a rule, or a binding of the configuration, applies to.
///
/// All given conditions must hold; a match without conditions matches no interface.
public struct InterfaceMatch: Hashable, Sendable {
  /// A name, or a pattern of names.
  public enum Name: Hashable, Sendable {
    /// Exactly this name, whatever characters it has.
    case exactly(InterfaceName)
    /// Any name that matches a pattern.
    case like(NamePattern)
  }

  /// One of the current names: the interface's own, or an alternative one.
  ///
  /// Only root of the network namespace can set either, so an alternative name is as trustworthy.
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

  /// Whether an interface matches.
  public enum Verdict: Sendable {
    /// It does.
    case yes
    /// It does not.
    case no
    /// Depends on its driver, which is not known yet.
    case undecided
  }

  /// Whether an interface matches for certain.
  public func matches(_ attributes: AdapterAttributes) -> Bool { verdict(on: attributes) == .yes }

  /// Whether an interface matches, as far as is known.
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
  /// Whether every `InterfaceMatch` gives the same verdict on both.
  func isNamedLike(_ other: AdapterAttributes) -> Bool {
    names == other.names && address == other.address && driver == other.driver
  }
}
