internal import NDIS
public import NdisprotControl

// The sample's own requests, for programs written for the sample.

extension Connection {
  /// Waits until the first interfaces are bound, five seconds at most.
  ///
  /// - Throws: `.refused` with `timedOut`
  /// - Windows: IOCTL_NDISPROT_BIND_WAIT
  public func bindWait() throws(ClientError) {
    try deviceControl(.bindWait, .wait) { _ throws(DecodeError) in }
  }

  /// One binding by its index in bind order; nil after the last one.
  ///
  /// - Windows: IOCTL_NDISPROT_QUERY_BINDING
  public func queryBinding(_ index: UInt32) throws(ClientError) -> QueryBinding? {
    let input = QueryBinding.input(index: index)
    do throws(ClientError) {
      return try unsafe deviceControl(
        .queryBinding, .enumerate, input.span.bytes,
        room: MessageHeader.maximumPayloadByteCount
      ) { payload throws(DecodeError) in try QueryBinding(decoding: payload) }
    } catch {
      guard error.status == .noMoreEntries else { throw error }
      return nil
    }
  }

  /// Opens a binding as the sample does: exclusively, for 802.1X, waiting 4.5 s for its interface
  /// to come up.
  ///
  /// - Throws: as `open`
  /// - Windows: IOCTL_NDISPROT_OPEN_DEVICE
  public func openDevice(_ name: String) throws(ClientError) -> OpenBinding {
    let input = name.utf16LittleEndianBytes
    let granted = try unsafe deviceControl(
      .openDevice, .open, input.span.bytes, room: MessageHeader.maximumPayloadByteCount
    ) { payload throws(DecodeError) in try OpenReply(decoding: payload) }
    return OpenBinding(self, granted)
  }

  /// One request of the sample, with the sample's input and output bytes, returned with any status.
  ///
  /// - Parameters:
  ///   - code: the sample's number of the request, which need not be known to the daemon
  ///   - input: its bytes
  ///   - room: the most bytes that may be returned
  ///   - timeout: when to cancel it; nil waits indefinitely
  ///   - body: receives the reply's header, whose `completion` is the status, and its bytes
  /// - Returns: what `body` does
  /// - Throws: `.timedOut`, `.interrupted`, `.daemonGone`; never a refusal
  public func rawDeviceControl<Value>(
    _ code: UInt32, _ input: RawSpan, room: Int, timeout: Duration?,
    _ body: (MessageHeader, RawSpan) -> Value
  ) throws(ClientError) -> Value {
    let request = RawRequest.deviceControl(code, room: room)
    return try pendedRequest(
      .deviceControl, .administer, input, timeout: timeout,
      setup: { header in
        header.code = request.code
        header.information = request.room
      }, accepting: { _ in true },
      { header, payload throws(DecodeError) in body(header, payload) })
  }

  /// The open created by a successful OPEN_DEVICE; nil if the reply is malformed.
  public func binding(ofReply payload: RawSpan) -> OpenBinding? {
    guard let granted = try? OpenReply(decoding: payload) else { return nil }
    return OpenBinding(self, granted)
  }

  /// Sends a request of the sample; none of these pends for longer than the default timeout.
  func deviceControl<Value>(
    _ code: RequestCode, _ operation: Operation, _ input: RawSpan = RawSpan(), room: Int = 0,
    _ decode: (RawSpan) throws(DecodeError) -> Value
  ) throws(ClientError) -> Value {
    try request(
      .deviceControl, operation, input,
      setup: { header in
        header.code = code.rawValue
        header.information = UInt32(clamping: room)
      },
      { _, payload throws(DecodeError) in try decode(payload) })
  }
}
