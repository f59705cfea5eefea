internal import NdisprotClient

/// The open behind an adapter: frames, events, and which frames are heard.
///
/// - Thread: the pump's
final class BindingSession {
  let binding: OpenBinding
  let exchange: FrameExchange
  /// Keeps the subscription; what it brings is taken from `exchange`.
  private let events: EventReader
  private var filter = PacketFilter.atOpen

  /// Takes over an open.
  ///
  /// - Parameters:
  ///   - binding: the open
  ///   - report: where counting goes on
  init(_ binding: OpenBinding, continuing report: WriteReport) throws(ClientError) {
    self.binding = binding
    exchange = FrameExchange(binding, continuing: report)
    // Of every binding: one that comes back has another index.
    events = try EventReader(binding.connection)
  }

  /// The binding as the daemon lists it.
  func entry() throws(ClientError) -> BindingEntry? {
    let index = binding.granted.interfaceIndex
    return try binding.connection.bindings().first { $0.interfaceIndex == index }
  }

  /// Asks for the frames that the program should hear.
  ///
  /// What the daemon refuses is left out, promiscuous mode first.
  /// - Parameter notice: is given every refusal, and the filter if it is another one
  func hear(
    groups: Bool, promiscuous: Bool, _ notice: (AdapterNotice) -> Void
  ) throws(ClientError) {
    var wanted = PacketFilter.atOpen
    if groups { wanted.insert(.allMulticast) }
    if promiscuous {
      if try isGranted(wanted.union(.promiscuous), { notice(.promiscuousRefused($0)) }, notice) {
        return
      }
    }
    if try !isGranted(wanted, { notice(.groupsRefused($0)) }, notice), wanted != .atOpen {
      _ = try isGranted(.atOpen, { _ in }, notice)
    }
  }

  private func isGranted(
    _ wanted: PacketFilter, _ refusal: (ClientError) -> Void, _ notice: (AdapterNotice) -> Void
  ) throws(ClientError) -> Bool {
    guard wanted != filter else { return true }
    do throws(ClientError) {
      try binding.set(
        .currentPacketFilter,
        (0..<4).map { UInt8(truncatingIfNeeded: wanted.rawValue >> (8 * $0)) })
    } catch {
      guard error.status != nil else { throw error }
      refusal(error)
      return false
    }
    filter = wanted
    notice(.filter(wanted))
    return true
  }
}
