internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

// ADMINISTRATION: requests of root, and of the user that runs the daemon.

extension Session {
  /// An ADMINISTRATION message; control answers it.
  func administer(_ request: RequestBox, _ wanted: AdministrationRequest) {
    guard isAdministrator || wanted.isForEverybody else {
      let cause = "only root and the user that runs the daemon may \(wanted.name)"
      auditDenial(.administrator, Opcode.administration.rawValue, RawSpan(), cause)
      refuse(request, .notPermitted, cause)
      return
    }
    host.handle(.administer(wanted), request, of: self)
  }
}

extension ControlLoop {
  /// Answers an administrator.
  func administer(
    _ wanted: AdministrationRequest, _ parcel: RequestBox, for session: Session
  ) {
    if wanted.isAudited { session.auditAdministration(wanted.name, bindingName(of: wanted)) }
    switch wanted {
    case .objects(let cursor): listObjects(cursor, parcel, for: session)
    case .trace(let cursor, let recording): listTrace(cursor, recording, parcel, for: session)
    case .pause(let index): onBinding(index, parcel, server.driver.pause)
    case .restart(let index): onBinding(index, parcel, server.driver.restart)
    case .reload: reload(parcel, for: session)
    case .explain(let question): explain(question, parcel, for: session)
    case .close(let wanted): close(wanted, parcel, for: session)
    case .status: answer(status(for: session).encoded, 0, parcel, for: session)
    }
  }

  private func bindingName(of wanted: AdministrationRequest) -> InterfaceName? {
    switch wanted {
    case .pause(let index), .restart(let index):
      server.driver.bindings.binding(interfaceIndex: Int32(bitPattern: index))?.snapshot.attributes
        .name
    default: nil
    }
  }

  private func onBinding(
    _ index: UInt32, _ parcel: RequestBox, _ body: (AdapterBinding, RequestBox) -> Void
  ) {
    let bindings = server.driver.bindings
    guard let binding = bindings.binding(interfaceIndex: Int32(bitPattern: index)) else {
      parcel.complete(.adapterNotFound)
      return
    }
    body(binding, parcel)
  }

  private func listObjects(_ cursor: UInt64, _ parcel: RequestBox, for session: Session) {
    let objects = server.device.framework.snapshot()
      .filter { UInt64($0.id.slot) >= cursor }
      .sorted { $0.id.slot < $1.id.slot }
    let now = monotonicNanoseconds()
    let reply = ObjectsReply(
      entries: objects.map { ObjectEntry($0, now: now) },
      byteLimit: MessageHeader.maximumPayloadByteCount)
    answer(reply.encoded, reply.entries.count, parcel, for: session)
  }

  private func listTrace(
    _ cursor: UInt64, _ recording: TraceRecording, _ parcel: RequestBox, for session: Session
  ) {
    let ring = server.device.framework.traceRing
    switch recording {
    case .unchanged: break
    case .on: ring.start()
    case .off: ring.stop()
    }
    let entries = ring.events.filter { $0.sequence >= cursor }.map(TraceEntry.init)
    let reply = TraceReply(
      cursor: cursor, entries: entries, isRecording: ring.isOn,
      byteLimit: MessageHeader.maximumPayloadByteCount)
    answer(reply.encoded, reply.entries.count, parcel, for: session)
  }

  /// Answers with entries.
  func answer(
    _ output: [UInt8], _ count: Int, _ parcel: RequestBox, for session: Session
  ) {
    session.onHost { $0.finish(parcel, output, recordCount: count) }
  }
}

extension ObjectEntry {
  /// The most holders of an object that are listed; its pin count covers them all.
  private static var maximumHolderCount: Int { 256 }

  /// One object of the answer.
  fileprivate init(_ object: ObjectSnapshot, now: UInt64) {
    self.init(
      id: object.id.rawValue, parent: object.parent?.rawValue,
      age: object.age.nanosecondCount, pinCount: UInt32(clamping: object.pinCount),
      kind: "\(object.kind)", name: object.name, state: "\(object.state)",
      site: "\(object.site.fileID):\(object.site.line)")
    contexts = object.contexts
    holders = object.holders.prefix(Self.maximumHolderCount).map {
      Holder(tag: $0.tag, age: $0.age.nanosecondCount)
    }
    history = object.history.map {
      PastState(
        state: "\($0.state)", threadID: UInt32(bitPattern: $0.threadID),
        age: nanosecondsPassed(since: $0.nanoseconds, until: now))
    }
  }
}

extension TraceEntry {
  /// One event of the answer.
  fileprivate init(_ event: TraceEvent) {
    self.init(
      sequence: event.sequence, nanoseconds: event.nanoseconds,
      object: event.object?.rawValue, first: event.first, second: event.second,
      threadID: UInt32(bitPattern: event.threadID), interfaceIndex: event.scope,
      component: "\(event.component)", name: "\(event.name)")
  }
}

extension Duration {
  /// Whole nanoseconds; 0 if it is negative.
  fileprivate var nanosecondCount: UInt64 {
    let (seconds, attoseconds) = components
    let whole = UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
    guard !whole.overflow else { return .max }
    return whole.partialValue &+ UInt64(clamping: attoseconds) / 1_000_000_000
  }
}

extension AdministrationRequest {
  /// The command's name on the command line.
  fileprivate var name: String {
    switch self {
    case .objects: "list objects"
    case .trace: "trace"
    case .pause: "pause"
    case .restart: "restart"
    case .reload: "reload"
    case .explain: "explain"
    case .status: "status"
    case .close(let wanted): wanted.deed
    }
  }

  /// Whether its effect is visible to other clients.
  fileprivate var isAudited: Bool {
    switch self {
    case .pause, .restart, .reload, .close: true
    default: false
    }
  }
}
