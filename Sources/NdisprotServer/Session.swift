internal import CLinux
internal import Glibc
internal import MDL
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

/// One connection of a client: the context of a file object of the control device, and the socket
/// behind it.
///
/// ```
///  the client leaves, breaks the protocol ─► end ─► file.close ─┬► cleanUp: the open, the waits
///  the driver unloads ──────────────────────────────────────────┘      │ the last request completes
///                                                                      ▼
///                                             finish: replies leave, the socket is closed
/// ```
///
/// Exactly one loop has a session at a time: control's, or that of the binding it has open. Only
/// that loop reads from its socket and writes to it; a completion made elsewhere is mailed there.
///
/// - Thread: the loop that has it, but for `requestCompleted`
/// - Windows: the file object and the IRPs of one handle
final class Session: Requester, EventHandler, @unchecked Sendable {  // One loop has it at a time.
  let descriptor: Int32
  let credentials: Credentials
  let server: ServerCore
  let file: Ref<FileObject>
  /// The loop that has it; asked by whoever completes a request on another.
  private let currentHost: Guarded<any SessionHost>

  var open: OpenContext?
  /// What the open was given of its rules' quotas.
  var charge: QuotaTable.Charge?
  /// The socket has a large buffer, for its open.
  var hasLargeBuffer = false
  /// The limits of the open there is, or was: its requests are counted until they are answered.
  private(set) var requestLimits = RequestLimits()
  /// Reads and writes that are not answered yet, all of them counted there.
  private(set) var transferCount = 0
  /// Some rule of the access policy speaks of the client, or he is an administrator.
  var isKnown = false
  /// An open is under way: on its way to a binding, or waiting for power.
  var isOpening = false
  var isGreeted = false
  /// What it wants to hear; nil until it asks.
  var subscription: Subscription?
  private(set) var isEnded = false
  private var registration: Registration?
  private var interest: Interest = []
  var outgoing = OutgoingMessages()
  /// Frames whose writes are answered in `outgoing`, held back so that the client is woken once.
  var heldFrames = 0
  var mustFlush = false
  var didReceiveThisTurn = false
  var isSocketFull = false
  /// Its loop's list for the end of the turn has it.
  var isListedForFlush = false
  /// The request whose reply left with its records already.
  var deliveredID: UInt64 = 0
  var output: [UInt8] = []
  var outputCount = 0
  var counters = SessionCounters()
  var questions = StatisticsQuestions()
  /// What it has cost, and where that is measured now.
  var work = SessionWork()
  private(set) var meter: WorkMeter

  init(
    descriptor: Int32, credentials: Credentials, server: ServerCore, file: Ref<FileObject>,
    host: any SessionHost
  ) {
    self.descriptor = descriptor
    self.credentials = credentials
    self.server = server
    self.file = file
    currentHost = Guarded(host)
    meter = host.meter
  }

  /// The loop that has the session.
  var host: any SessionHost { currentHost.withLock { $0 } }

  // MARK: Requests that quotas count

  /// Counts a read or a write; `transferEnded` follows.
  ///
  /// - Returns: nil if the open's rules allow one more
  func transferBegins() -> AccessRefusal? {
    transferCount += 1
    return requestLimits.take()
  }

  /// A counted read or write was answered.
  func transferEnded() {
    transferCount -= 1
    requestLimits.give()
  }

  /// Other rules limit the requests; those that are not answered count there from now on.
  func follow(_ limits: RequestLimits) {
    for _ in 0..<transferCount { requestLimits.give() }
    requestLimits = limits
    for _ in 0..<transferCount { _ = requestLimits.take() }
  }

  // MARK: Moving

  /// Takes the session off its loop; what is mailed from now on goes to `next`.
  func leave(for next: any SessionHost) {
    if let registration { host.loop.unregister(registration) }
    registration = nil
    meter.release(self)
    meter = next.meter
    currentHost.withLock { $0 = next }
  }

  /// Goes on, on the loop that now has it.
  func arrive() {
    guard !isEnded else { return }
    note("arrive")
    isKnown = host.policy.knows(credentials) || isAdministrator
    interest = wantedInterest
    do throws(SystemError) {
      registration = try host.loop.register(descriptor, interest, self)
    } catch {
      end("its socket cannot be watched: \(error)")
      return
    }
    if !outgoing.isEmpty || mustFlush { host.needsFlush(self) }
  }

  private var wantedInterest: Interest {
    var wanted: Interest = isSocketFull ? [.write] : []
    if outgoing.byteCount < OutgoingMessages.bound / (isThrottled ? 2 : 1) {
      isThrottled = false
      wanted.insert(.read)
    } else {
      isThrottled = true
    }
    return wanted
  }
  var isThrottled = false

  func followInterest() {
    let wanted = wantedInterest
    guard wanted != interest, let registration else { return }
    interest = wanted
    host.loop.modify(registration, wanted)
  }

  // MARK: Receiving

  func ready(_ events: Interest) {
    // It may leave this loop in the middle.
    let meter = self.meter
    let isMeasured = meter.begin(self)
    defer { meter.end(isMeasured) }
    if events.contains(.write) { socketHasRoom() }
    if events.contains(.read), !isEnded {
      didReceiveThisTurn = true
      receive()
    } else if !events.intersection([.hangUp, .error]).isEmpty, !isEnded {
      end(nil)
    }
  }

  private func receive() {
    let buffer = host.takeBuffer()
    var message = unsafe msghdr()
    var failure: Int32 = 0
    buffer.fill { bytes in
      let count = unsafe bytes.withUnsafeMutableBytes { memory in
        var vector = unsafe iovec(iov_base: memory.baseAddress, iov_len: memory.count)
        return unsafe withUnsafeMutablePointer(to: &vector) { vector in
          unsafe message.msg_iov = vector
          unsafe message.msg_iovlen = 1
          return unsafe recvmsg(
            descriptor, &message, Int32(MSG_DONTWAIT) | Int32(MSG_CMSG_CLOEXEC))
        }
      }
      if count < 0 { failure = errno }
      return count
    }
    guard buffer.byteCount > 0 else {
      if failure == EAGAIN || failure == EINTR { return }
      end(nil)
      return
    }
    // No room was given for descriptors, so the kernel has closed those that came along.
    guard unsafe message.msg_flags & Int32(MSG_CTRUNC) == 0 else {
      end("a message carried file descriptors")
      return
    }
    guard unsafe message.msg_flags & Int32(MSG_TRUNC) == 0 else {
      end("a message was longer than \(MessageHeader.maximumMessageByteCount) bytes")
      return
    }
    handleMessage(buffer)
  }

  // MARK: Ending

  /// Nothing is received and sent any more, and what is pended is cancelled.
  ///
  /// - Parameter violation: what the client did against the protocol; nil if it just left
  func end(_ violation: String?) {
    guard !isEnded else { return }
    if let violation {
      server.logViolation(
        violation, of: credentials, binding: open?.binding.snapshot.attributes.name)
    }
    hangUp()
    file.close()
  }

  /// Tells the trace of something; a branch while nobody records.
  ///
  /// - Parameters:
  ///   - name: what happens
  ///   - first: a number that the name explains
  ///   - second: another
  @inline(__always)
  func note(_ name: StaticString, _ first: UInt64 = 0, _ second: UInt64 = 0) {
    server.trace.record(
      .control, name, file.id,
      scope: open.map { UInt32(bitPattern: $0.binding.interfaceIndex) } ?? 0, first, second)
  }

  private func hangUp() {
    isEnded = true
    if let registration { host.loop.unregister(registration) }
    registration = nil
  }

  /// The file object's cleanup: ends what only the driver can end.
  private func cleanUp() {
    closeOpen("hung up")
    dropStatistics()
    server.cancelWaits(of: self)
  }

  /// The file object's close: every request is complete, and its reply leaves or is lost.
  private func finish() {
    note("finish")
    flush()
    if !isEnded { hangUp() }
    meter.release(self)
    close(descriptor)
    host.sessionEnded(self)
  }

  /// Makes a session and its file object, each other's.
  ///
  /// - Throws: `.deletePending` once the driver unloads
  static func make(
    descriptor: Int32, credentials: Credentials, server: ServerCore, host: any SessionHost
  ) throws(WdfError) -> Session {
    let context = Context<FileObject, Session>(make: { file in
      Session(
        descriptor: descriptor, credentials: credentials, server: server, file: file, host: host)
    })
    let file = try server.device.makeFileObject(
      credentials.name, context,
      onCleanup: { file in session(of: file)?.cleanUp() },
      onClose: { file in
        // Mailed even from its own loop: behind the completions that other loops have mailed.
        guard let session = session(of: file) else { return }
        _ = session.host.loop.post { session.onHost { $0.finish() } }
      },
      onUnload: { file in session(of: file)?.onHost { $0.file.close() } })
    return try file.withContext(Session.self) { $0 }
  }

  private static func session(of file: Ref<FileObject>) -> Session? {
    try? file.withContext(Session.self) { $0 }
  }
}
