internal import ArgumentParser
internal import NDIS
internal import NdisprotClient

/// Which destinations a reader receives, besides the interface's own address and broadcast.
///
/// 802.1X, LLDP and similar protocols use multicast groups: those of the EtherTypes read are
/// joined, unless one of these options says otherwise.
struct ReceiveFilterOptions: ParsableArguments {
  @Option(
    name: .customLong("group"), parsing: .singleValue,
    help: ArgumentHelp(
      "Hears this group instead of those of the protocol, such as 01:80:c2:00:00:0e (repeatable).",
      valueName: "mac"))
  var groups: [AddressArgument] = []

  @Flag(help: "Joins no group of the protocol.")
  var noGroup = false

  @Flag(help: "Hears all groups.")
  var allGroups = false

  @Flag(help: "Hears what is sent to others as well.")
  var promiscuous = false

  /// Whether to join the groups of every known protocol when every EtherType is read.
  private var knownGroups = false

  enum CodingKeys: CodingKey { case groups, noGroup, allGroups, promiscuous }

  /// What a capture receives: unless the options say otherwise, all groups, or where the rules do
  /// not allow that, those of the protocols.
  ///
  /// - Parameter own: the user's rights; nil uses the groups of the protocols
  /// - Returns: the same with that filled in
  func forCapture(_ own: OwnRights?) -> Self {
    var hearing = self
    if groups.isEmpty, !noGroup, !promiscuous, own?.mayHearAllGroups == true {
      hearing.allGroups = true
    }
    hearing.knownGroups = true
    return hearing
  }

  /// Whether an open of every EtherType receives only the groups of the known protocols.
  func hearsKnownGroups(of open: OpenBinding) -> Bool {
    knownGroups && open.granted.etherTypes.isAny && groups.isEmpty
      && !noGroup && !allGroups && !promiscuous
  }

  mutating func validate() throws {
    guard !noGroup || groups.isEmpty else {
      throw ValidationError("--no-group and --group contradict each other. Write one of them")
    }
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

  /// Sets what the open receives; this ends with the open, so a new one needs it again.
  ///
  /// - Returns: the groups of the protocol that the daemon refuses to join
  @discardableResult
  func set(on open: OpenBinding) throws(ClientError) -> [MACAddress] {
    if !groups.isEmpty { try join(groups.map(\.address), open) }
    let refused = try joinGroupsOfProtocol(open)
    try setFilter(open)
    return refused
  }

  private func join(_ groups: [MACAddress], _ open: OpenBinding) throws(ClientError) {
    try open.set(.multicastList, groups.flatMap { group in (0..<6).map { group.octets[$0] } })
  }

  private func joinGroupsOfProtocol(_ open: OpenBinding) throws(ClientError) -> [MACAddress] {
    let own =
      hearsKnownGroups(of: open)
      ? ProtocolGroups.all : ProtocolGroups.addresses(of: open.granted.etherTypes)
    guard groups.isEmpty, !noGroup, !allGroups, !promiscuous, !own.isEmpty else { return [] }
    do throws(ClientError) {
      try join(own, open)
      return []
    } catch  where error.status?.ntStatus == .accessDenied {
      return own
    }
  }

  private func setFilter(_ open: OpenBinding) throws(ClientError) {
    var filter = PacketFilter.atOpen
    if allGroups { filter.insert(.allMulticast) }
    if promiscuous { filter.insert(.promiscuous) }
    guard filter != .atOpen else { return }
    try open.set(
      .currentPacketFilter,
      (0..<4).map { UInt8(truncatingIfNeeded: filter.rawValue >> (8 * $0)) })
  }
}
