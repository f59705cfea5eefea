internal import MDL
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import WDF

// The sample's own requests, with the sample's bytes (`Ndisprot.docc/Rules.md` section 4).

extension Session {
  /// A DEVICE_CONTROL message: the code says which request of the sample it is.
  func deviceControl(
    _ request: RequestBox, _ header: MessageHeader, _ payload: RawSpan
  ) throws(DecodeError) {
    let room = Int(header.information)
    switch RequestCode(rawValue: header.code) {
    case .openDevice: openDevice(request, payload)
    case .bindWait:
      host.handle(.wait(names: [], timeoutMilliseconds: 5_000), request, of: self)
    case .queryBinding: queryBinding(request, payload, room: room)
    case .queryOIDValue:
      if let request = request.take() { queryOID(request, payload, room: room) }
    case .setOIDValue: setOID(request, payload)
    case .indicateStatus: indicateStatus(request)
    case nil: request.complete(.notSupported)
    }
  }

  /// INDICATE_STATUS: one status indication of the adapter (rules Q-38…Q-42).
  private func indicateStatus(_ request: RequestBox) {
    guard let open else {
      request.complete(.notConnected)
      return
    }
    guard let request = request.take() else { return }
    open.awaitStatus(request)
  }

  /// OPEN_DEVICE: the name as UTF-16LE without NUL, compared byte by byte (rules Q-17…Q-24).
  private func openDevice(_ request: RequestBox, _ payload: RawSpan) {
    guard let text = String(utf16LittleEndian: payload), !text.isEmpty else {
      request.complete(payload.isEmpty ? .invalidParameter : .adapterNotFound)
      return
    }
    guard let name = InterfaceName(text) else {
      request.complete(.adapterNotFound)
      return
    }
    requestOpen(request, .openDevice, name: name)
  }

  /// QUERY_BINDING: one active binding by index, in bind order (rules Q-9…Q-16).
  private func queryBinding(_ request: RequestBox, _ payload: RawSpan, room: Int) {
    guard payload.byteCount >= QueryBinding.byteCount, room >= QueryBinding.byteCount else {
      request.complete(.bufferTooSmall, bytesNeeded: QueryBinding.byteCount)
      return
    }
    let index = UInt32(payload, littleEndianAt: 0)
    let policy = host.policy
    let active = server.driver.bindings.snapshot.bindings.map(\.snapshot)
      .filter { $0.isActive && policy.shows($0.attributes, to: credentials) }
    guard index < active.count else {
      request.complete(.noMoreEntries)
      return
    }
    let attributes = active[Int(index)].attributes
    let answer = QueryBinding(
      index: index, name: attributes.name.text, description: attributes.description)
    let bytes = answer.encoded(room: room)
    let isWhole = bytes.count == answer.byteCountNeeded
    finish(
      request, bytes, status: isWhole ? .success : .partialData,
      bytesNeeded: isWhole ? 0 : answer.byteCountNeeded)
  }

  /// QUERY_OID_VALUE: `[OID][port][value]`, the value at 8 (rules Q-28…Q-33, D-31).
  func queryOID(_ request: consuming OwnedRequest, _ payload: RawSpan, room: Int) {
    guard let open else {
      request.complete(RequestStatus(.notConnected))
      return
    }
    guard room >= OIDMessage.minimumByteCount, payload.byteCount >= OIDMessage.headerByteCount
    else {
      request.complete(
        RequestStatus(.bufferTooSmall), bytesNeeded: OIDMessage.minimumByteCount)
      return
    }
    let oid = OID(rawValue: UInt32(payload, littleEndianAt: 0))
    let port = UInt32(payload, littleEndianAt: 4)
    let query = OIDRequest.Query(oid, room: room - OIDMessage.headerByteCount)
    if let number = open.knownNumber(query, port: port) {
      let reply: InlineArray<3, UInt32> = [
        oid.rawValue.littleEndian, port.littleEndian, number.littleEndian,
      ]
      finish(request, unsafe reply.span.bytes)
      return
    }
    open.perform(.query(query), port: port, for: RequestBox(request)) { [self] request, reply in
      // More is needed even if the client accepted the lower half of a counter (E-2).
      let needed = reply.request.bytesNeeded
      let bytesNeeded = needed == 0 ? 0 : needed + OIDMessage.headerByteCount
      guard reply.completion.isSuccess else {
        request.complete(reply.completion, bytesNeeded: bytesNeeded)
        return
      }
      finish(
        request, OIDMessage(oid: oid, port: port, value: reply.value).encoded,
        bytesNeeded: bytesNeeded)
    }
  }

  /// SET_OID_VALUE (rules Q-34…Q-37): the input needs its 8 bytes, then the OID's own length rule.
  private func setOID(_ request: RequestBox, _ payload: RawSpan) {
    guard let open else {
      request.complete(.notConnected)
      return
    }
    guard payload.byteCount >= OIDMessage.headerByteCount else {
      request.complete(.bufferTooSmall, bytesNeeded: OIDMessage.headerByteCount)
      return
    }
    let oid = OID(rawValue: UInt32(payload, littleEndianAt: 0))
    let port = UInt32(payload, littleEndianAt: 4)
    var value: [UInt8] = []
    for offset in OIDMessage.headerByteCount..<payload.byteCount {
      value.append(unsafe payload.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
    }
    let set = OIDRequest.set(OIDRequest.Set(oid, value: value))
    open.perform(set, port: port, for: request) { [self] request, reply in
      if let refusal = reply.refusal { refused(refusal, of: request.parameters) }
      request.complete(reply.completion, bytesNeeded: reply.request.bytesNeeded)
    }
  }
}

extension UInt32 {
  /// Four bytes of a message; the caller has checked that they are there.
  init(_ bytes: RawSpan, littleEndianAt offset: Int) {
    self = unsafe UInt32(
      littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
