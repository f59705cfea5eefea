internal import CLinux
internal import EventLoop
internal import Glibc
internal import MDL
internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Synchronization
internal import WDF

/// One connection of a client: a file object of the control device, and the socket behind it.
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
  private let currentHost: Mutex<any SessionHost>

  var open: OpenContext?
  /// An open is under way: on its way to a binding, or waiting for power.
  var isOpening = false
  var isGreeted = false
  private(set) var isEnded = false
  private var registration: Registration?
  private var interest: Interest = []
  var outgoing = OutgoingMessages()
  /// Frames whose writes are answered in `outgoing`, held back so that the client is woken once.
  private var heldFrames = 0
  private var mustFlush = false
  private var didReceiveThisTurn = false
  private var isSocketFull = false
  /// Its loop's list for the end of the turn has it.
  var isListedForFlush = false
  /// The request whose reply left with its records already.
  private var deliveredID: UInt64 = 0
  private var output: [UInt8] = []
  private var outputCount = 0
  var counters = SessionCounters()

  init(
    descriptor: Int32, credentials: Credentials, server: ServerCore, file: Ref<FileObject>,
    host: any SessionHost
  ) {
    self.descriptor = descriptor
    self.credentials = credentials
    self.server = server
    self.file = file
    currentHost = Mutex(host)
  }

  /// The loop that has the session.
  var host: any SessionHost { currentHost.withLock { $0 } }

  // MARK: Moving

  /// Takes the session off its loop; what is mailed from now on goes to `next`.
  func leave(for next: any SessionHost) {
    if let registration { host.loop.unregister(registration) }
    registration = nil
    currentHost.withLock { $0 = next }
  }

  /// Goes on, on the loop that now has it.
  func arrive() {
    guard !isEnded else { return }
    interest = wantedInterest
    do throws(SystemError) {
      registration = try host.loop.register(descriptor, interest, self)
    } catch {
      end("its socket cannot be watched: \(error)")
      return
    }
    if !outgoing.isEmpty { host.needsFlush(self) }
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
  private var isThrottled = false

  private func followInterest() {
    let wanted = wantedInterest
    guard wanted != interest, let registration else { return }
    interest = wanted
    host.loop.modify(registration, wanted)
  }

  // MARK: Receiving

  func ready(_ events: Interest) {
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
    var vector = unsafe iovec()
    unsafe vector.iov_base = unsafe buffer.base
    unsafe vector.iov_len = buffer.capacity
    var message = unsafe msghdr()
    let count = unsafe withUnsafeMutablePointer(to: &vector) { vector in
      unsafe message.msg_iov = vector
      unsafe message.msg_iovlen = 1
      return unsafe recvmsg(
        descriptor, &message, Int32(MSG_DONTWAIT) | Int32(MSG_CMSG_CLOEXEC))
    }
    guard count > 0 else {
      if count < 0, errno == EAGAIN || errno == EINTR { return }
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
    buffer.byteCount = count
    handleMessage(buffer)
  }

  // MARK: Sending

  /// Queues the reply of a request; it leaves at the end of the turn.
  func queueReply(_ header: MessageHeader, _ payload: RawSpan, heldFrames frames: Int = 0) {
    guard !isEnded else { return }
    let bytes = header.encoded
    let span = bytes.span
    outgoing.append(unsafe span.bytes, payload)
    if frames > 0 { heldFrames += frames } else { mustFlush = true }
    host.needsFlush(self)
  }

  /// Replies to several writes leave together: when the socket was empty, or at 256 frames.
  static let heldFrameLimit = 256

  /// The end of a turn of the loop.
  ///
  /// - Returns: whether replies are held for another turn
  func endTurn() -> Bool {
    defer { didReceiveThisTurn = false }
    guard !isEnded, !outgoing.isEmpty, !isSocketFull else { return false }
    if !mustFlush, didReceiveThisTurn, heldFrames < Session.heldFrameLimit { return true }
    flush()
    return false
  }

  /// Sends what waits, now.
  func flush() {
    guard !isEnded else { return }
    mustFlush = false
    heldFrames = 0
    switch outgoing.flush(to: descriptor) {
    case .done: isSocketFull = false
    case .blocked: isSocketFull = true
    case .gone:
      end(nil)
      return
    }
    followInterest()
  }

  private func socketHasRoom() {
    isSocketFull = false
    flush()
    guard !isEnded, !isSocketFull else { return }
    open?.resume()
  }

  func deliver(
    _ records: MDLChain, recordCount: Int, information: Int, for parameters: RequestParameters
  ) -> Bool {
    guard !isEnded else { return false }
    // Replies leave in order: what waits goes first.
    if !outgoing.isEmpty { flush() }
    guard !isEnded, !isSocketFull else { return false }
    var header = MessageHeader(replyTo: parameters)
    header.information = UInt32(truncatingIfNeeded: information)
    header.count = UInt32(truncatingIfNeeded: recordCount)
    switch sendGathered(header, records) {
    case .done:
      deliveredID = parameters.id
      return true
    case .blocked:
      isSocketFull = true
      followInterest()
      return false
    case .gone:
      // The hang-up is reported by the loop; the read stays pended until then.
      isSocketFull = true
      return false
    }
  }

  private func sendGathered(
    _ header: MessageHeader, _ records: MDLChain
  ) -> OutgoingMessages.FlushOutcome {
    var bytes = header.encoded
    var vectors = unsafe InlineArray<64, iovec>(repeating: iovec())
    return unsafe withUnsafeMutableBytes(of: &bytes) { headerBytes in
      unsafe vectors[0] = iovec(iov_base: headerBytes.baseAddress, iov_len: headerBytes.count)
      var count = 1
      unsafe records.withUnsafeIOVectors { segments in
        for index in 0..<min(segments.count, 63) {
          unsafe vectors[count] = unsafe segments[index]
          count += 1
        }
      }
      var span = unsafe vectors.mutableSpan
      return unsafe span.withUnsafeMutableBufferPointer { table in
        var message = unsafe msghdr()
        unsafe message.msg_iov = table.baseAddress
        unsafe message.msg_iovlen = count
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        while unsafe sendmsg(descriptor, &message, flags) < 0 {
          switch errno {
          case EINTR: continue
          case EAGAIN, ENOBUFS: return .blocked
          default: return .gone
          }
        }
        return .done
      }
    }
  }

  // MARK: Completing

  func setOutput(_ bytes: [UInt8], recordCount: Int, for parameters: RequestParameters) {
    output.append(contentsOf: bytes)
    outputCount = recordCount
  }

  func setOutput(_ statuses: RawSpan, recordCount: Int, for parameters: RequestParameters) {
    unsafe statuses.withUnsafeBytes { unsafe output.append(contentsOf: $0) }
    outputCount = recordCount
  }

  func requestCompleted(
    _ parameters: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int
  ) {
    let host = self.host
    guard host.loop.isCurrent else {
      // A session that moves meanwhile is followed: the mail is sent on from there.
      _ = host.loop.post {
        self.requestCompleted(
          parameters, status: status, information: information, bytesNeeded: bytesNeeded)
      }
      return
    }
    counters.count(status)
    if deliveredID == parameters.id, status.errno == 0 {
      deliveredID = 0
      return
    }
    var header = MessageHeader(replyTo: parameters)
    header.setStatus(CompletionStatus(status))
    header.information = UInt32(truncatingIfNeeded: information)
    header.bytesNeeded = UInt32(truncatingIfNeeded: bytesNeeded)
    header.count = UInt32(truncatingIfNeeded: outputCount)
    // The buffer is lent to the reply and comes back, so that it is used again.
    var payload: [UInt8] = []
    swap(&payload, &output)
    do {
      let span = payload.span
      let heldFrames = parameters.type == .write ? max(outputCount, 1) : 0
      queueReply(header, unsafe span.bytes, heldFrames: heldFrames)
    }
    payload.removeAll(keepingCapacity: true)
    swap(&payload, &output)
    outputCount = 0
  }

  // MARK: Ending

  /// Ends the session: pended requests are cancelled, the open is closed, the socket too.
  ///
  /// - Parameter violation: what the client did against the protocol; nil if it just left
  func end(_ violation: String?) {
    guard !isEnded else { return }
    if let violation {
      server.environment.log(
        .warning, "session of \(credentials.name) closed: \(violation)")
    }
    isEnded = true
    if let registration { host.loop.unregister(registration) }
    registration = nil
    open?.close()
    file.close()
    close(descriptor)
    host.sessionEnded(self)
  }

  /// The daemon stops: everything pended completes as cancelled, the replies leave, then the end.
  func shutDown() {
    guard !isEnded else { return }
    open?.close()
    open = nil
    server.cancelWaits(of: self)
    flush()
    end(nil)
  }
}

extension Session {
  /// The counters of this session.
  var counterSet: CounterSet {
    CounterSet(
      kind: .session, userID: credentials.userID,
      interfaceIndex: open?.binding.interfaceIndex ?? 0, id: UInt64(UInt32(bitPattern: descriptor)),
      name: credentials.name,
      values: [
        (.reqIssued, counters.issued), (.reqCompletedOK, counters.completedOK),
        (.reqCompletedError, counters.completedError), (.reqCancelled, counters.cancelled),
        (.reqPending, counters.pending),
      ])
  }
}

/// What a session has counted (law D6).
struct SessionCounters {
  var issued: UInt64 = 0
  var completedOK: UInt64 = 0
  var completedError: UInt64 = 0
  var cancelled: UInt64 = 0

  /// Requests that have no reply yet.
  var pending: UInt64 { issued &- completedOK &- completedError &- cancelled }

  /// Counts a completion.
  mutating func count(_ status: RequestStatus) {
    if status.errno == 0 {
      completedOK &+= 1
    } else if status.ntStatus == NTStatus.cancelled.rawValue {
      cancelled &+= 1
    } else {
      completedError &+= 1
    }
  }
}
