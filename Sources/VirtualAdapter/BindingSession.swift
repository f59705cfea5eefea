internal import NdisprotClient

/// The open behind an adapter: frames, events, and which frames are heard.
///
/// - Thread: the pump's
final class BindingSession {
  /// Groups that the daemon takes in one list.
  static let groupLimit = 32

  let binding: OpenBinding
  let exchange: FrameExchange
  /// Keeps the subscription; what it brings is taken from `exchange`.
  private let events: EventReader
  private let notice: (AdapterNotice) -> Void
  private var filter = PacketFilter.atOpen
  /// What the daemon has refused once, and would refuse again.
  private var refused: PacketFilter = []
  private var groups: [MACAddress] = []
  private var areGroupsRefused = false

  /// Takes over an open.
  ///
  /// - Parameters:
  ///   - binding: the open
  ///   - report: where counting goes on
  ///   - notice: is given every refusal, and every filter
  /// - Throws: `ClientError`; the open stays
  init(
    _ binding: OpenBinding, continuing report: WriteReport,
    _ notice: @escaping (AdapterNotice) -> Void
  ) throws(ClientError) {
    self.binding = binding
    self.notice = notice
    exchange = FrameExchange(binding, continuing: report)
    // Of every binding: one that comes back has another index.
    events = try EventReader(binding.connection)
  }

  /// The binding as the daemon lists it.
  func entry() throws(ClientError) -> BindingEntry? {
    let index = binding.granted.interfaceIndex
    return try binding.connection.bindings().first { $0.interfaceIndex == index }
  }

  /// Asks for the frames that the program should hear; what the daemon refuses is left out.
  func hear(allGroups: Bool, promiscuous: Bool) throws(ClientError) {
    var wanted = PacketFilter.atOpen
    if allGroups { wanted.insert(.allMulticast) }
    if promiscuous, try set(wanted.union(.promiscuous), for: .promiscuous) { return }
    if allGroups, try set(wanted, for: .allMulticast) { return }
    _ = try set(.atOpen, for: [])
  }

  /// Whether the program hears only the groups of a list, for the rule does not give it all of them.
  var needsGroupList: Bool { refused.contains(.allMulticast) && !areGroupsRefused }

  /// Hears these groups, where the daemon does not let it hear all.
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

  /// Sets the packet filter, which needs a right that is called by the bit it is for.
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
