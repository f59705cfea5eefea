internal import MDL
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import WDF

// Turns each message into one request: the dispatch of ntdisp.c.

extension Session {
  /// Decodes a message and acts on it; a protocol violation ends the session.
  func handleMessage(_ buffer: MessageBuffer) {
    // Asked for once: each look at the buffer is checked for exclusive access.
    let message = buffer.bytes
    let header: MessageHeader
    do throws(ViolationError) {
      header = try MessageHeader(decodingRequest: message)
    } catch {
      end("\(error)")
      return
    }
    guard isGreeted || header.opcode == Opcode.hello.rawValue else {
      end("the first message was not HELLO")
      return
    }
    do throws(WdfError) {
      let request = try file.makeRequest(RequestParameters(header), sink: self)
      countIssued()
      note("message", header.id, UInt64(header.opcode))
      let isTransfer = request.parameters.isTransfer
      dispatch(request, header, buffer, message, isTransfer ? lease.transferBegins() : nil)
    } catch  where error.code == .requestPending {
      end("request id \(header.id) is pending already")
    } catch {
      end("no request could be made: \(error.code)")
    }
  }

  private func dispatch(
    _ request: consuming OwnedRequest, _ header: MessageHeader, _ buffer: MessageBuffer,
    _ message: RawSpan, _ refusal: AccessRefusal?
  ) {
    if open == nil, let failure = server.configuration.failure,
      !isAnsweredAlways(header.opcode, message)
    {
      refuse(RequestBox(request), .misconfigured, failure)
      return
    }
    guard isKnown || isAnsweredToStrangers(header.opcode, message) else {
      denyStranger(
        request, header.opcode, message.extracting(droppingFirst: MessageHeader.byteCount))
      return
    }
    if let refusal {
      refused(refusal, of: request.parameters)
      request.complete(RequestStatus(.tooManyRequests))
      return
    }
    switch Opcode(rawValue: header.opcode) {
    case .read, .readBatch:
      guard let open else {
        request.complete(RequestStatus(.notAssociated))
        return
      }
      open.read(request)
    case .write, .writeBatch:
      write(request, header, buffer)
    case .deviceControl where header.code == RequestCode.queryOIDValue.rawValue:
      // Asked often, and mostly answered at once: no parcel is made for it.
      queryOID(
        request, message.extracting(droppingFirst: MessageHeader.byteCount),
        room: Int(header.information))
    case .some(let opcode):
      control(RequestBox(request), opcode, header, message)
    case nil:
      request.complete(RequestStatus(.notSupported))
    }
  }

  /// Whether a request is answered although the configuration is broken: an administrator can
  /// inspect and reload, and every client sees the status.
  private func isAnsweredAlways(_ opcode: UInt16, _ message: RawSpan) -> Bool {
    switch Opcode(rawValue: opcode) {
    case .hello: true
    case .administration: isAdministrator || administration(message) == .status
    default: false
    }
  }

  private func administration(_ message: RawSpan) -> AdministrationRequest? {
    try? AdministrationRequest(
      decoding: message.extracting(droppingFirst: MessageHeader.byteCount))
  }

  /// Whether a request of a client that no rule names is answered: it may ask for its rights, and
  /// for the identity of the daemon.
  private func isAnsweredToStrangers(_ opcode: UInt16, _ message: RawSpan) -> Bool {
    switch Opcode(rawValue: opcode) {
    case .hello: true
    case .administration: administration(message)?.isForEverybody ?? false
    default: false
    }
  }

  /// WRITE and WRITE_BATCH: the lengths of the records are checked here, their contents by the
  /// driver.
  private func write(
    _ request: consuming OwnedRequest, _ header: MessageHeader, _ buffer: MessageBuffer
  ) {
    guard let open else {
      request.complete(RequestStatus(.notAssociated))
      return
    }
    let payload = buffer.bytes.extracting(droppingFirst: MessageHeader.byteCount)
    let isBatch = header.opcode == Opcode.writeBatch.rawValue
    let count = isBatch ? Int(header.count) : 1
    guard count > 0, RecordReader.areWellFormed(payload, recordCount: count) else {
      request.complete(RequestStatus(.invalidParameter))
      return
    }
    open.write(
      request, message: buffer, payloadOffset: MessageHeader.byteCount, recordCount: count)
  }

  /// All requests that do not move frames.
  private func control(
    _ request: RequestBox, _ opcode: Opcode, _ header: MessageHeader, _ message: RawSpan
  ) {
    let payload = message.extracting(droppingFirst: MessageHeader.byteCount)
    do throws(DecodeError) {
      switch opcode {
      case .hello: greet(request, try HelloRequest(decoding: payload))
      case .deviceControl: try deviceControl(request, header, payload)
      case .open:
        let wanted = try PurposefulOpen(
          decoding: payload, purposeCount: features.contains(.purposes) ? header.count : 0)
        guard wanted.request.flags.priority == 0 || features.contains(.priorities) else {
          throw .invalidValue
        }
        var options = OpenOptions(wanted.request)
        options.purpose = wanted.purpose
        requestOpen(request, options, name: wanted.request.name)
      case .closeDevice: requestClose(request)
      case .cancel: cancel(request, try CancelRequest(decoding: payload).id)
      case .enumerate: enumerate(request, try EnumerateRequest(decoding: payload), header)
      case .statistics:
        requestStatistics(request, try StatisticsRequest(decoding: payload))
      case .wait:
        let wanted = try WaitRequest(decoding: payload)
        host.handle(
          .wait(names: wanted.names, timeoutMilliseconds: wanted.timeoutMilliseconds), request,
          of: self)
      case .administration: administer(request, try AdministrationRequest(decoding: payload))
      case .subscribe: subscribe(request, try SubscribeRequest(decoding: payload))
      default: request.complete(.notSupported)
      }
    } catch {
      request.complete(.invalidParameter)
    }
  }

  private func greet(_ request: RequestBox, _ hello: HelloRequest) {
    guard !isGreeted else {
      request.complete(.invalidRequest)
      return
    }
    guard hello.minimumVersion <= ProtocolVersion.current,
      hello.maximumVersion >= ProtocolVersion.current
    else {
      request.complete(.notSupported)
      flush()
      end("it speaks no version of the protocol that this daemon speaks")
      return
    }
    let features = ProtocolFeatures.all.intersection(ProtocolFeatures(rawValue: hello.features))
    greeted(features)
    finish(
      request,
      HelloReply(
        version: ProtocolVersion.current,
        maximumMessageByteCount: UInt32(MessageHeader.maximumMessageByteCount),
        features: features.rawValue
      ).encoded)
  }

  private func requestClose(_ request: RequestBox) {
    guard open != nil else {
      request.complete(.notAssociated)
      return
    }
    host.handle(.close, request, of: self)
  }

  /// CANCEL: the reply of the cancelled request is sent first.
  private func cancel(_ request: RequestBox, _ id: UInt64) {
    if open?.cancel(id) == true || opening?.cancel(id) == true {
      request.complete(.success)
    } else if file.isPending(id) {
      host.handle(.cancelElsewhere(id), request, of: self)
    } else {
      request.complete(.notFound)
    }
  }

  /// A binding; with its other names and the client's rights if that feature was negotiated.
  private func entry(_ snapshot: AdapterBinding.Snapshot) -> BindingEntry {
    let names =
      features.contains(.names)
      ? BindingEntry.Names(snapshot.attributes, server.driver.bindings) : nil
    var entry = BindingEntry(snapshot, names: names)
    guard features.contains(.access) else { return entry }
    let rules = host.policy.rules(for: credentials, on: snapshot.attributes)
    entry.access = rules.filter { !$0.rights.isEmpty }
      .prefix(BindingEntry.maximumAccessCount)
      .map { BindingEntry.Access(rights: $0.rights, etherTypes: $0.etherTypes) }
    return entry
  }

  private func enumerate(
    _ request: RequestBox, _ wanted: EnumerateRequest, _ header: MessageHeader
  ) {
    let (bindings, generation) = server.driver.bindings.snapshot
    let policy = host.policy
    let entries = bindings.map(\.snapshot)
      .filter { policy.shows($0.attributes, to: credentials) }
      .map(entry)
      .filter { $0.interfaceIndex > wanted.afterInterfaceIndex }
      .sorted { $0.interfaceIndex < $1.interfaceIndex }
    let reply = EnumerateReply(
      generation: generation, entries: entries,
      byteLimit: MessageHeader.maximumMessageByteCount - MessageHeader.byteCount)
    finish(request, reply.encoded, recordCount: reply.entries.count)
  }
}
