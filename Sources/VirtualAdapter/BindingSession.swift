internal import NdisprotClient

/// The open behind an adapter: frames, events, and the packet filter.
///
/// - Thread: the pump's
final class BindingSession {
  /// The most groups that the daemon accepts in one list.
  static let groupLimit = 32

  let binding: OpenBinding
  let exchange: FrameExchange
  /// Holds the subscription; its events are taken from `exchange`.
  private let events: EventReader
  private let notice: (AdapterNotice) -> Void
  private var filter = PacketFilter.atOpen
  /// What the daemon has refused, and would refuse again.
  private var refused: PacketFilter = []
  private var groups: [MACAddress] = []
  private var areGroupsRefused = false

  /// Takes ownership of an open.
  ///
  /// - Parameters:
  ///   - binding: the open
  ///   - report: the report to continue
  ///   - notice: called for every refusal, and every filter
  /// - Throws: `ClientError`; the open stays
  init(
    _ binding: OpenBinding, continuing report: WriteReport,
    _ notice: @escaping (AdapterNotice) -> Void
  ) throws(ClientError) {
    self.binding = binding
    self.notice = notice
    exchange = FrameExchange(binding, continuing: report)
    // For every binding: one that comes back has another index.
    events = try EventReader(binding.connection)
  }

  /// The binding as listed by the daemon.
  func entry() throws(ClientError) -> BindingEntry? {
    let index = binding.granted.interfaceIndex
    return try binding.connection.bindings().first { $0.interfaceIndex == index }
  }

  /// Requests the frames that the program should receive; what the daemon refuses is omitted.
  func hear(allGroups: Bool, promiscuous: Bool) throws(ClientError) {
    var wanted = PacketFilter.atOpen
    if allGroups { wanted.insert(.allMulticast) }
    if promiscuous, try set(wanted.union(.promiscuous), for: .promiscuous) { return }
    if allGroups, try set(wanted, for: .allMulticast) { return }
    _ = try set(.atOpen, for: [])
  }

  /// Whether the program receives only the groups of a list, because its rule does not grant all
  /// groups.
  var needsGroupList: Bool { refused.contains(.allMulticast) && !areGroupsRefused }

  /// Receives these groups, if the daemon does not allow all.
  func hear(groups wanted: [MACAddress]) throws(ClientError) {
    let wanted = Array(wanted.prefix(Self.groupLimit))
    guard needsGroupList, wanted != groups else { return }
    groups = wanted
    do throws(ClientError) {
      try binding.set(
        .multicastList, wanted.flatMap { group in (0..<6).map { group.octets[$0] } })
    } catch {
      guard error.status != nil else { throw error }
      areGroupsRefused = true
      notice(.groupsRefused(error))
    }
  }

  /// Sets the packet filter; the bit given needs a right of its own.
  private func set(
    _ wanted: PacketFilter, for bit: PacketFilter
  ) throws(ClientError) -> Bool {
    if wanted == filter { return true }
    if !refused.isDisjoint(with: bit) { return false }
    do throws(ClientError) {
      try binding.set(
        .currentPacketFilter,
        (0..<4).map { UInt8(truncatingIfNeeded: wanted.rawValue >> (8 * $0)) })
    } catch {
      guard error.status != nil else { throw error }
      refused.insert(bit)
      if bit == .promiscuous { notice(.promiscuousRefused(error)) }
      return false
    }
    filter = wanted
    notice(.filter(wanted))
    return true
  }
}
