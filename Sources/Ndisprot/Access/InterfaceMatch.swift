public import MDL
public import NDIS

/// The interfaces that a rule, or a binding of the configuration, speaks of.
///
/// What is given must all match; one that gives nothing matches no interface.
public struct InterfaceMatch: Hashable, Sendable {
  /// A name, or a pattern of names.
  public enum Name: Hashable, Sendable {
    /// This name, whatever characters it has.
    case exactly(String)
    /// `*` stands for any characters, `?` for one.
    case like(String)
  }

  /// The current name.
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
    case .exactly(let name): if name != attributes.name { return .no }
    case .like(let pattern): if !isGlob(pattern, matching: attributes.name) { return .no }
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
    name == other.name && address == other.address && driver == other.driver
  }
}

/// Whether a name is one of a pattern's: `*` stands for any bytes, `?` for one.
///
/// - Complexity: O(pattern × name), no recursion
private func isGlob(_ pattern: String, matching name: String) -> Bool {
  let pattern = Array(pattern.utf8)
  let name = Array(name.utf8)
  var (p, n) = (0, 0)
  // Where to go on when the last star has to take one byte more.
  var retry: (p: Int, n: Int)?
  while n < name.count {
    if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
      p += 1
      retry = (p, n)
    } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == name[n] {
      p += 1
      n += 1
    } else if let last = retry {
      retry = (last.p, last.n + 1)
      (p, n) = (last.p, last.n + 1)
    } else {
      return false
    }
  }
  return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
}
