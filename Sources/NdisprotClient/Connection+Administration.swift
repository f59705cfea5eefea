public import NdisprotControl

// What root may ask, and the user whose daemon it is; others get `notPermitted`.

extension Connection {
  /// Lists the objects of the daemon's framework, in ascending order of their slots.
  ///
  /// The list is made a page at a time, so an object that comes or goes meanwhile may be missing.
  public func objects() throws(ClientError) -> [ObjectEntry] {
    var entries: [ObjectEntry] = []
    var cursor: UInt64 = 0
    while true {
      let reply = try administer(.objects(cursor: cursor)) { payload, count throws(DecodeError) in
        try ObjectsReply(decoding: payload, entryCount: count)
      }
      entries += reply.entries
      // A page that does not lead on would never end.
      guard reply.next > cursor else { return entries }
      cursor = reply.next
    }
  }

  /// The events of the daemon's trace that are there, oldest first.
  ///
  /// - Parameters:
  ///   - cursor: the sequence number of the first that is wanted; a reply's `next` goes on
  ///   - recording: begins or stops recording, before the events are looked at
  /// - Returns: the events, the cursor behind them, and whether events are recorded
  /// - Throws: `notPermitted` for whoever is no administrator, and what every request may
  public func trace(
    from cursor: UInt64 = 0, _ recording: TraceRecording = .unchanged
  ) throws(ClientError) -> TraceReply {
    var all = try tracePage(cursor, recording)
    while all.hasMore {
      let page = try tracePage(all.next, .unchanged)
      guard page.next > all.next else { break }
      all.entries += page.entries
      all.next = page.next
      all.hasMore = page.hasMore
    }
    return all
  }

  /// Has the daemon read its configuration anew.
  ///
  /// - Returns: what became of it; `refusal` says why nothing changed
  public func reload() throws(ClientError) -> ReloadReply {
    try administer(.reload) { payload, _ throws(DecodeError) in
      try ReloadReply(decoding: payload)
    }
  }

  /// What decides about a user, a binding and an EtherType; everybody may ask about himself.
  ///
  /// - Throws: `notFound` for a user that is not there, `adapterNotFound` for a binding
  public func explain(
    user: UInt32, binding: String, etherType: UInt16
  ) throws(ClientError) -> ExplainReply {
    let question = ExplainRequest(user: "\(user)", binding: binding, etherType: etherType)
    return try administer(.explain(question)) { payload, count throws(DecodeError) in
      try ExplainReply(decoding: payload, count: count)
    }
  }

  /// Stops the frames of a binding; returns when it is paused.
  ///
  /// Writes that are pended go out first, at most for 10 s; reads stay pended.
  /// - Parameter interfaceIndex: the binding's interface
  /// - Throws: `.refused` with `notPermitted`, `adapterNotFound`, `adapterRemoved`
  public func pause(interfaceIndex: UInt32) throws(ClientError) {
    // The daemon keeps the time; ours is a net behind it.
    try administer(.pause(interfaceIndex: interfaceIndex), timeout: .seconds(20)) {
      _, _ throws(DecodeError) in
    }
  }

  /// Lets the frames of a paused binding move again.
  ///
  /// - Parameter interfaceIndex: the binding's interface
  /// - Throws: `.refused` with `notPermitted`, `adapterNotFound`, `busy` while it still pauses
  public func restart(interfaceIndex: UInt32) throws(ClientError) {
    try administer(.restart(interfaceIndex: interfaceIndex)) { _, _ throws(DecodeError) in }
  }

  /// Ends sessions of other clients, or only their opens.
  ///
  /// - Returns: how many were ended
  /// - Throws: `notFound` if there is none, `notPermitted` for a caller that is no administrator
  public func close(_ wanted: CloseRequest) throws(ClientError) -> UInt32 {
    try administer(.close(wanted)) { payload, _ throws(DecodeError) in
      try CloseReply(decoding: payload).count
    }
  }

  /// What daemon this is; administrators hear what it was told and what it uses, too.
  public func status() throws(ClientError) -> StatusReply {
    try administer(.status) { payload, _ throws(DecodeError) in
      try StatusReply(decoding: payload)
    }
  }

  private func tracePage(
    _ cursor: UInt64, _ recording: TraceRecording
  ) throws(ClientError) -> TraceReply {
    try administer(.trace(cursor: cursor, recording)) { payload, count throws(DecodeError) in
      try TraceReply(decoding: payload, entryCount: count)
    }
  }

  private func administer<Reply>(
    _ wanted: AdministrationRequest, timeout: Duration = Connection.defaultTimeout,
    _ decode: (RawSpan, UInt32) throws(DecodeError) -> Reply
  ) throws(ClientError) -> Reply {
    try request(
      .administration, .administer, unsafe wanted.encoded.span.bytes, timeout: timeout
    ) {
      header, payload throws(DecodeError) in try decode(payload, header.count)
    }
  }
}
