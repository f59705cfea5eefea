public import NDIS

/// The access policy: the first rule that matches decides; what no rule matches is denied.
///
/// A rule matches by user, interface, EtherType and VLAN, in the order of the file. Root may do
/// everything; 0x8808 (pause frames) is denied to every other user.
///
/// - Thread: any; a value
/// - Source: threats T14–T16, T20
public struct AccessPolicy: Sendable {
  /// Pause frames: they stop a link for everything on it.
  @inlinable public static var macControl: UInt16 { 0x8808 }

  /// The rules, in order.
  public let rules: [AccessRule]
  private let rulesOfUser: [UInt32: [Int]]
  private let rulesOfGroup: [UInt32: [Int]]
  private let rulesOfEverybody: [Int]
  /// Groups to which some rule grants nothing.
  private let forbiddenGroups: Set<UInt32>
  /// The group lists of the directory, for users that may have dropped groups; nil trusts the
  /// kernel alone.
  public var directory: DirectoryGroups?

  /// Whether a user's groups in the directory make a difference.
  public var forbidsGroups: Bool { !forbiddenGroups.isEmpty }

  /// Makes a policy.
  public init(_ rules: [AccessRule]) {
    self.rules = rules
    var ofUser: [UInt32: [Int]] = [:]
    var ofGroup: [UInt32: [Int]] = [:]
    var ofEverybody: [Int] = []
    var forbidden: Set<UInt32> = []
    for (index, rule) in rules.enumerated() {
      switch rule.subject {
      case .user(let number): ofUser[number, default: []].append(index)
      case .group(let number):
        ofGroup[number, default: []].append(index)
        if rule.rights.isEmpty { forbidden.insert(number) }
      case .everybody: ofEverybody.append(index)
      case .nobody: break
      }
    }
    forbiddenGroups = forbidden
    rulesOfUser = ofUser
    rulesOfGroup = ofGroup
    rulesOfEverybody = ofEverybody
  }

  /// The rules that apply to a client, in order.
  ///
  /// - Complexity: O(its groups and rules)
  public func rules(for client: Credentials) -> [AccessRule] {
    if client.userID == 0 { return [.root] }
    var indices = Set(rulesOfUser[client.userID] ?? [])
    indices.formUnion(rulesOfEverybody)
    for group in client.groups + [client.groupID] {
      indices.formUnion(rulesOfGroup[group] ?? [])
    }
    if forbidsGroups, let directory {
      let listed = directory.groups(of: client.userID).map(Set.init) ?? forbiddenGroups
      for group in forbiddenGroups.intersection(listed) {
        indices.formUnion((rulesOfGroup[group] ?? []).filter { rules[$0].rights.isEmpty })
      }
    }
    return indices.sorted().map { rules[$0] }
  }

  /// The rules that apply to a client on an interface, in order.
  ///
  /// While the driver of the interface is unknown, a rule about a driver grants nothing, and blocks
  /// what it might forbid in the rules behind it.
  public func rules(
    for client: Credentials, on attributes: AdapterAttributes
  ) -> [AccessRule] {
    rules(for: client).compactMap { rule in
      switch rule.interface.verdict(on: attributes) {
      case .yes: return rule
      case .no: return nil
      case .undecided:
        var denying = rule
        denying.rights = []
        return denying
      }
    }
  }

  /// Whether any rule applies to the client: an unknown user may say HELLO and nothing else.
  public func knows(_ client: Credentials) -> Bool {
    client.userID == 0 || rulesOfUser[client.userID] != nil || !rulesOfEverybody.isEmpty
      || rulesOfGroup[client.groupID] != nil
      || client.groups.contains { rulesOfGroup[$0] != nil }
  }

  /// Whether some rule of the client names the interface and grants any right on it.
  public func shows(_ attributes: AdapterAttributes, to client: Credentials) -> Bool {
    rules(for: client, on: attributes).contains { !$0.rights.isEmpty }
  }

  /// The rule that decides about frames of one EtherType and VLAN; nil if none does.
  public func decision(
    for client: Credentials, on attributes: AdapterAttributes, _ etherType: UInt16, vlan: UInt16
  ) -> AccessRule? {
    guard etherType != AccessPolicy.macControl else { return nil }
    return rules(for: client, on: attributes).first { $0.decides(etherType, vlan) }
  }

  /// What denies a user one more session; nil if nothing does.
  ///
  /// Of several rules the one that allows most counts; a rule without a quota leaves the daemon's
  /// own limit.
  public func sessionRefusal(of client: Credentials, count: Int) -> AccessRefusal? {
    var most: (limit: Int, rule: AccessRule)?
    for rule in rules(for: client) {
      guard let limit = rule.quota.sessions else { return nil }
      if limit > most?.limit ?? 0 { most = (limit, rule) }
    }
    guard let most, count >= most.limit else { return nil }
    return .quota(.sessions, limit: most.limit, rule: most.rule.name, origin: most.rule.origin)
  }
}
