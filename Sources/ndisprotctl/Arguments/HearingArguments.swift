internal import ArgumentParser
internal import NDIS
internal import NdisprotClient

/// Which destinations a reader hears, beside the interface's own address and broadcast.
///
/// 802.1X, LLDP and their like are sent to groups: without one of these options they are not heard.
struct HearingArguments: ParsableArguments {
  @Option(
    name: .customLong("group"), parsing: .singleValue,
    help: ArgumentHelp(
      "Hears this group, too, such as 01:80:c2:00:00:0e of LLDP (repeatable).", valueName: "mac"))
  var groups: [AddressArgument] = []

  @Flag(help: "Hears all groups.")
  var allGroups = false

  @Flag(help: "Hears what is sent to others as well.")
  var promiscuous = false

  /// Whether nothing was asked for.
  var isDefault: Bool { groups.isEmpty && !allGroups && !promiscuous }

  mutating func validate() throws {
    for group in groups where !group.address.isMulticast {
      throw ValidationError(
        "--group \(group.address) is the address of one station. Write a group's, whose first octet "
          + "is odd, or --promiscuous to hear what is sent to others")
    }
    guard groups.count <= 32 else {
      throw ValidationError(
        "\(groups.count) groups are too many. Write --group at most 32 times, or --all-groups")
    }
  }

  /// Tells the open; it forgets with its end, so a new one is told again.
  func set(on open: OpenBinding) throws(ClientError) {
    if !groups.isEmpty {
      try open.set(
        .multicastList, groups.flatMap { group in (0..<6).map { group.address.octets[$0] } })
    }
    var filter = PacketFilter.atOpen
    if allGroups { filter.insert(.allMulticast) }
    if promiscuous { filter.insert(.promiscuous) }
    guard filter != .atOpen else { return }
    try open.set(
      .currentPacketFilter,
      (0..<4).map { UInt8(truncatingIfNeeded: filter.rawValue >> (8 * $0)) })
  }
}
