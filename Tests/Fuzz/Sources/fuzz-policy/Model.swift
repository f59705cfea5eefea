internal import FuzzSupport
internal import Ndisprot

@testable internal import NDIS

// The policy once more, as its documentation has it: the rules walked in order, nothing compiled.

private let interface = AdapterAttributes(
  interfaceIndex: 7, name: "eth0", description: "", hardwareType: 1, isLoopback: false,
  address: .zero, mtu: 1_500, isUp: true, link: .connected, driver: "veth")

/// Nobody of the rules: a number that is used for nothing else.
private let stranger = Credentials(
  processID: 1, userID: 4_000_000_007, groupID: 4_000_000_007, groups: [4_000_000_009])

/// Whom the rules speak of, and somebody who is in all their groups.
private func clients(of rules: [AccessRule]) -> [Credentials] {
  var clients = [stranger]
  var groups: [UInt32] = []
  for case .group(let number) in rules.map(\.subject) { groups.append(number) }
  for rule in rules.prefix(8) {
    switch rule.subject {
    case .user(let number):
      clients.append(Credentials(processID: 1, userID: number, groupID: 9, groups: []))
      clients.append(Credentials(processID: 1, userID: number, groupID: 9, groups: groups))
    case .group(let number):
      clients.append(Credentials(processID: 1, userID: 4_000_000_007, groupID: number, groups: []))
    case .everybody, .nobody: break
    }
  }
  return clients
}

/// The rules that speak of a client on the interface, in order.
private func rules(of all: [AccessRule], for client: Credentials) -> [AccessRule] {
  all.filter { rule in
    let isMeant =
      switch rule.subject {
      case .user(let number): number == client.userID
      case .group(let number): number == client.groupID || client.groups.contains(number)
      case .everybody: true
      case .nobody: false
      }
    let isHere = rule.interface.address.map { $0 == interface.address } ?? true
    let isDriver = rule.interface.driver.map { $0 == interface.driver } ?? true
    return isMeant && isHere && isDriver && isName(rule.interface.name)
  }
}

private func isName(_ wanted: InterfaceMatch.Name?) -> Bool {
  switch wanted {
  case nil: true
  case .exactly(let name): name == interface.name
  case .like(let pattern):
    // Escapes are the pattern's own to know.
    pattern.text.utf8.starts(with: "bytes:".utf8)
      ? pattern.matches(interface.name)
      : matches(Array(pattern.text.utf8), interface.name.bytes)
  }
}

/// `*` any bytes, `?` one: the set of prefixes of the name that the pattern so far can be.
private func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
  var reached: Set<Int> = [0]
  for byte in pattern {
    if byte == UInt8(ascii: "*") {
      reached = Set((reached.min() ?? name.count + 1)..<(name.count + 1))
    } else {
      reached = Set(
        reached.compactMap { at in
          at < name.count && (byte == UInt8(ascii: "?") || byte == name[at]) ? at + 1 : nil
        })
    }
    if reached.isEmpty { return false }
  }
  return reached.contains(name.count)
}

/// The first rule that speaks of user, interface, EtherType and VLAN decides; 0x8808 is nobody's.
func requireFirstRuleDecides(_ policy: AccessPolicy) {
  let named = policy.rules.prefix(8).flatMap(\.etherTypes.values)
  for client in clients(of: policy.rules) where client.userID != 0 {
    let known = rules(of: policy.rules, for: client)
    for type in Set(named + [0, 0x88B5, 0x8808]) {
      for vlan in [0, 5, 0xFFFF] as [UInt16] {
        let expected =
          type == 0x8808
          ? nil
          : known.first {
            ($0.etherTypes.isAny || $0.etherTypes.values.contains(type))
              && ($0.vlans.isAny || $0.vlans.values.contains(vlan))
          }
        require(
          policy.decision(for: client, on: interface, type, vlan: vlan) == expected,
          "another rule decides than the first that matches")
      }
    }
    require(
      policy.shows(interface, to: client) == known.contains { !$0.rights.isEmpty },
      "an interface is shown to somebody else than those who may use it")
  }
}

/// Who is in no rule may say HELLO and nothing else.
func requireStrangerHasNothing(_ policy: AccessPolicy) {
  let isNamed = policy.rules.contains {
    switch $0.subject {
    case .user(let number): number == stranger.userID
    case .group(let number): number == stranger.groupID || stranger.groups.contains(number)
    case .everybody: true
    case .nobody: false
    }
  }
  guard !isNamed else { return }
  require(!policy.knows(stranger), "a stranger is known")
  require(!policy.shows(interface, to: stranger), "a stranger is shown an interface")
  for types in [EtherTypeSet.eapol, .empty, EtherTypeSet([EtherTypeSet.anyValue])] {
    var options = OpenOptions(etherTypes: types)
    let grant = try? policy.grant(&options, isDevice: false, to: stranger, on: interface)
    require(grant == nil, "a stranger is granted an open")
  }
}
