internal import NDIS
public import NdisprotControl

// The sample's own requests, for programs that were written against it.

extension Connection {
  /// Waits until the first interfaces are bound, five seconds at most.
  ///
  /// - Throws: `.refused` with `timedOut`
  /// - Windows: IOCTL_NDISPROT_BIND_WAIT
  public func bindWait() throws(ClientError) {
    try deviceControl(.bindWait, .wait) { _ throws(DecodeError) in }
  }

  /// One binding by its index in the order of binding; nil behind the last one.
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

  /// Opens a binding as the sample does: alone, for 802.1X, waiting 4.5 s for its interface to come
  /// up.
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

  /// One request of the sample, with the sample's bytes in and out, whatever its status.
  ///
  /// - Parameters:
  ///   - code: the sample's number of the request, also one that the daemon does not know
  ///   - input: its bytes
  ///   - room: the most bytes that may come back
  ///   - timeout: when to cancel it; nil waits without end
  ///   - body: is lent the reply's header, whose `completion` is the status, and its bytes
  /// - Returns: what `body` does
  /// - Throws: `.timedOut`, `.interrupted`, `.daemonGone`; no refusal
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

  /// The open that a successful OPEN_DEVICE made; nil if its reply is none.
  public func binding(ofReply payload: RawSpan) -> OpenBinding? {
    guard let granted = try? OpenReply(decoding: payload) else { return nil }
    return OpenBinding(self, granted)
  }

  /// Sends a request of the sample; none of these pends for longer than the default time.
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
