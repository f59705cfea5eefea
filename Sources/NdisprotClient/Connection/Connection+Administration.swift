public import NdisprotControl

// Requests of root, and of the user that runs the daemon; other users get `notPermitted`.

extension Connection {
  /// Lists the objects of the daemon's framework, in ascending order of their slots.
  ///
  /// The list is read a page at a time, so an object that appears or disappears meanwhile may be
  /// missing.
  public func objects() throws(ClientError) -> [ObjectEntry] {
    var entries: [ObjectEntry] = []
    var cursor: UInt64 = 0
    while true {
      let reply = try administer(.objects(cursor: cursor)) { payload, count throws(DecodeError) in
        try ObjectsReply(decoding: payload, entryCount: count)
      }
      entries += reply.entries
      // A page that does not advance the cursor would loop forever.
      guard reply.next > cursor else { return entries }
      cursor = reply.next
    }
  }

  /// The events in the daemon's trace buffer, oldest first.
  ///
  /// - Parameters:
  ///   - cursor: the sequence number of the first wanted event; `next` of a reply continues
  ///   - recording: starts or stops recording, before the events are read
  /// - Returns: the events, the cursor after them, and whether events are recorded
  /// - Throws: `notPermitted` unless the caller is an administrator; the errors of every request
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

  /// Makes the daemon reload its configuration.
  ///
  /// - Returns: the result; `refusal` says why nothing changed
  public func reload() throws(ClientError) -> ReloadReply {
    try administer(.reload) { payload, _ throws(DecodeError) in
      try ReloadReply(decoding: payload)
    }
  }

  /// The decision for a user, a binding and an EtherType; every user may ask about itself.
  ///
  /// - Throws: `notFound` for an unknown user, `adapterNotFound` for an unknown binding
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
  /// Pended writes are sent first, for at most 10 s; reads stay pended.
  /// - Parameter interfaceIndex: the binding's interface
  /// - Throws: `.refused` with `notPermitted`, `adapterNotFound`, `adapterRemoved`
  public func pause(interfaceIndex: UInt32) throws(ClientError) {
    // The daemon enforces the time; this timeout is only a safety net.
    try administer(.pause(interfaceIndex: interfaceIndex), timeout: .seconds(20)) {
      _, _ throws(DecodeError) in
    }
  }

  /// Lets frames move again on a paused binding.
  ///
  /// - Parameter interfaceIndex: the binding's interface
  /// - Throws: `.refused` with `notPermitted`, `adapterNotFound`, `busy` while it is still pausing
  public func restart(interfaceIndex: UInt32) throws(ClientError) {
    try administer(.restart(interfaceIndex: interfaceIndex)) { _, _ throws(DecodeError) in }
  }

  /// Ends sessions of other clients, or only their opens.
  ///
  /// - Returns: how many were ended
  /// - Throws: `notFound` if no session matches, `notPermitted` unless the caller is an
  ///   administrator
  public func close(_ wanted: CloseRequest) throws(ClientError) -> UInt32 {
    try administer(.close(wanted)) { payload, _ throws(DecodeError) in
      try CloseReply(decoding: payload).count
    }
  }

  /// The status of the daemon; administrators also get its configuration and resource usage.
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
