public import NDIS
public import NdisprotControl

extension Connection {
  /// Lists the bindings, in ascending order of the interface index.
  public func bindings() throws(ClientError) -> [BindingEntry] {
    var entries: [BindingEntry] = []
    while true {
      let wanted = EnumerateRequest(afterInterfaceIndex: entries.last?.interfaceIndex ?? 0)
      let reply = try request(.enumerate, .enumerate, unsafe wanted.encoded.span.bytes) {
        header, payload throws(DecodeError) in
        try EnumerateReply(decoding: payload, entryCount: header.count)
      }
      entries += reply.entries
      // An empty page with more to follow would loop forever.
      guard reply.hasMore, !reply.entries.isEmpty else { return entries }
    }
  }

  /// Lists the counters that the caller may see; 0 selects every interface.
  public func statistics(
    interfaceIndex: UInt32 = 0
  ) throws(ClientError) -> [StatisticsObject] {
    try objects(StatisticsRequest(interfaceIndex: interfaceIndex)) { _ in true }
  }

  /// Lists the counters of one kind that the caller may see.
  public func statistics(
    of kind: StatisticsObject.Kind
  ) throws(ClientError) -> [StatisticsObject] {
    let before = StatisticsObject.Kind(rawValue: kind.rawValue &- 1)
    let last = StatisticsObject.Key(kind: before, interfaceIndex: .max, id: .max)
    return try objects(StatisticsRequest(after: last)) { $0.kind == kind }
  }

  /// What each user did since the daemon's start, closed opens included, and what was denied.
  ///
  /// From then on this session is not counted.
  public func totals() throws(ClientError) -> [StatisticsObject] {
    let last = StatisticsObject.Key(
      kind: StatisticsObject.Kind(rawValue: StatisticsObject.Kind.firstTotal.rawValue - 1),
      interfaceIndex: .max, id: .max)
    return try objects(StatisticsRequest(after: last)) { _ in true }
  }

  /// Lists objects page by page, up to the first that is not wanted.
  private func objects(
    _ first: StatisticsRequest, while isWanted: (StatisticsObject) -> Bool
  ) throws(ClientError) -> [StatisticsObject] {
    var wanted = first
    var objects: [StatisticsObject] = []
    while true {
      let reply = try request(.statistics, .statistics, unsafe wanted.encoded.span.bytes) {
        header, payload throws(DecodeError) in
        try StatisticsReply(decoding: payload, objectCount: header.count)
      }
      let page = reply.objects.prefix(while: isWanted)
      objects += page
      // A page that does not advance would loop forever.
      guard reply.hasMore, page.count == reply.objects.count, let last = page.last?.key,
        last > wanted.after
      else { return objects }
      wanted.after = last
    }
  }

  /// Waits until all of the interfaces are bound; without names, until the first binds are
  /// complete.
  ///
  /// The daemon limits a wait to 24 hours and 16 names: longer ones are split into several
  /// requests, and each name is bound at some moment of the wait.
  /// - Throws: `.refused` with `timedOut` when the daemon reports a timeout
  public func wait(for names: [String], timeout: Duration?) throws(ClientError) {
    let possible = names.compactMap { InterfaceName($0) }
    guard possible.count == names.count else { throw .refused(.adapterNotFound, .wait) }
    let deadline = Deadline(after: timeout)
    var rest = possible[...]
    repeat {
      let part = Array(rest.prefix(WaitRequest.maximumNameCount))
      rest = rest.dropFirst(part.count)
      try wait(forFew: part, until: deadline)
    } while !rest.isEmpty
  }

  private func wait(
    forFew names: [InterfaceName], until deadline: Deadline
  ) throws(ClientError) {
    while true {
      let left = deadline.remaining
      let asked = min(left ?? Connection.longestWait, Connection.longestWait)
      let wanted = WaitRequest(
        names: names,
        timeoutMilliseconds: asked.wholeMilliseconds)
      do throws(ClientError) {
        // The daemon enforces the time; this timeout is only a safety net.
        try pendedRequest(
          .wait, .wait, unsafe wanted.encoded.span.bytes,
          timeout: asked + Connection.defaultTimeout
        ) { _, _ throws(DecodeError) in }
        return
      } catch {
        let isOver = left.map { $0 <= asked } ?? false
        guard error.status == .timedOut, !isOver else { throw error }
      }
    }
  }

  /// The daemon's limit.
  private static let longestWait = Duration.seconds(24 * 3_600)

  /// Opens a binding; the session has one open at a time.
  ///
  /// - Parameters:
  ///   - name: the name of the interface, or an alternative one
  ///   - etherTypes: what to read and write; the empty set moves no frames
  ///   - mode: shared with others, or exclusive for these EtherTypes
  ///   - flags: properties of the open
  ///   - priority: of what it sends, in the queues of the interface, 0 to 15 as SO_PRIORITY of
  ///     socket(7); others than 0 need the right `priority`
  ///   - queueByteCount: the window on the receive ring; 0 is the daemon's default
  ///   - wait: how long to wait for the interface to come up; the request is repeated every minute
  ///   - purpose: a text for the audit log, at most 64 bytes; has no other effect
  /// - Returns: the open, with what was granted
  /// - Throws: `.refused` with `adapterNotFound`, `busy`, `notPermitted`, `notReady`, and
  ///   `invalidParameter` for a priority above 15; `.denied` with `notSupported` if the daemon is
  ///   too old for priorities
  public func open(
    _ name: String, etherTypes: EtherTypeSet, mode: OpenRequest.Mode = .shared,
    flags: OpenRequest.Flags = [], priority: UInt8 = 0, queueByteCount: UInt32 = 0,
    wait: Duration = .zero,
    purpose: String = ""
  ) throws(ClientError) -> OpenBinding {
    // A name that no interface can have means "not found", not a protocol violation.
    guard let name = InterfaceName(name) else { throw .refused(.adapterNotFound, .open) }
    guard priority <= 15 else { throw .refused(.invalidParameter, .open) }
    let flags = flags.union(.priority(priority))
    guard flags.priority == 0 || features.contains(.priorities) else {
      throw .denied(.notSupported, .open, reason: "this daemon is too old for priorities")
    }
    var wanted = OpenRequest(
      name: name, etherTypes: etherTypes, mode: mode, flags: flags, queueByteCount: queueByteCount)
    var left = max(wait, .zero)
    while true {
      let part = min(left, Connection.longestPowerWait)
      wanted.waitMilliseconds = part.wholeMilliseconds
      do throws(ClientError) {
        return OpenBinding(
          self, try open(wanted, for: purpose, timeout: part + Connection.defaultTimeout))
      } catch {
        guard error.status == .notReady, left > part else { throw error }
        left -= part
      }
    }
  }

  /// The daemon's limit for an interface to come up.
  private static let longestPowerWait = Duration.seconds(60)

  private func open(
    _ wanted: OpenRequest, for purpose: String, timeout: Duration
  ) throws(ClientError) -> OpenReply {
    let hasPurpose = !purpose.isEmpty && features.contains(.purposes)
    let bytes = hasPurpose ? PurposefulOpen(wanted, purpose: purpose).encoded : wanted.encoded
    return try request(
      .open, .open, unsafe bytes.span.bytes, timeout: timeout,
      setup: { $0.count = hasPurpose ? 1 : 0 },
      { _, payload throws(DecodeError) in try OpenReply(decoding: payload) })
  }

  /// Cancels a pended request; its own reply has been received when this returns.
  ///
  /// - Returns: false if no request with this number is pended
  public func cancel(_ id: UInt64) throws(ClientError) -> Bool {
    do throws(ClientError) {
      try request(
        .cancel, .cancel, unsafe CancelRequest(id: id).encoded.span.bytes, timeout: cancelTimeout
      ) { _, _ throws(DecodeError) in }
      return true
    } catch {
      guard error.status == .notFound else { throw error }
      return false
    }
  }
}
