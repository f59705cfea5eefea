internal import Glibc
public import NdisprotC
internal import NdisprotClient

// The sample's requests, and requests that do not block.

extension ClientError {
  /// The status of a request of the sample as an error; the request determines the wording.
  fileprivate init(
    _ status: CompletionStatus, _ code: UInt32, _ bytesNeeded: UInt32, _ reason: String?
  ) {
    let operation: Operation =
      switch RequestCode(rawValue: code) {
      case .openDevice: .open
      case .queryOIDValue: .query
      case .setOIDValue: .set
      case .queryBinding: .enumerate
      case .bindWait: .wait
      case .indicateStatus: .subscribe
      case nil: .administer
      }
    if let reason, !reason.isEmpty {
      self = .denied(status, operation, reason: reason)
    } else {
      self = .refused(status, operation, bytesNeeded: bytesNeeded)
    }
  }
}

/// The result of a request of the sample.
private struct SampleReply {
  let status: CompletionStatus
  let bytesNeeded: UInt32
  let reason: String?
  /// Bytes that were copied to the program.
  let byteCount: Int
  let binding: OpenBinding?

  init(_ header: MessageHeader, _ payload: RawSpan, byteCount: Int = 0, binding: OpenBinding? = nil)
  {
    status = header.completion
    bytesNeeded = header.bytesNeeded
    // A refused OPEN_DEVICE has a text without the flag.
    reason = status.isSuccess ? nil : header.reason(in: payload)
    self.byteCount = byteCount
    self.binding = binding
  }
}

/// One request of the sample.
@implementation @c
public func ndisprot_device_control(
  _ handle: OpaquePointer!, _ code: UInt32, _ input: UnsafeRawPointer!, _ in_size: Int,
  _ out: UnsafeMutableRawPointer!, _ out_size: Int, _ returned: UnsafeMutablePointer<Int>!,
  _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    withConnection(handle, timeout: timeout_ms) { handle, connection throws(ClientError) in
      if let returned = unsafe returned { unsafe returned.pointee = 0 }
      guard (0...MessageHeader.maximumPayloadByteCount).contains(in_size), out_size >= 0,
        unsafe input != nil || in_size == 0, unsafe out != nil || out_size == 0
      else { return handle.misused() }
      let bytes = unsafe UnsafeRawBufferPointer(start: input, count: in_size)
      let isOpen = code == RequestCode.openDevice.rawValue
      let reply = try connection.rawDeviceControl(
        code, unsafe bytes.bytes, room: out_size, timeout: duration(timeout_ms)
      ) { header, payload in
        let status = header.completion
        if isOpen {
          let binding = status.isSuccess ? connection.binding(ofReply: payload) : nil
          return SampleReply(header, payload, binding: binding)
        }
        let count = header.hasReason ? 0 : min(payload.byteCount, out_size)
        unsafe payload.withUnsafeBytes { payload in
          if let from = payload.baseAddress, let out = unsafe out {
            unsafe out.copyMemory(from: from, byteCount: count)
          }
        }
        return SampleReply(header, payload, byteCount: count)
      }
      if let returned = unsafe returned { unsafe returned.pointee = reply.byteCount }
      guard reply.status.isSuccess else {
        return handle.fail(ClientError(reply.status, code, reply.bytesNeeded, reply.reason))
      }
      if isOpen {
        guard let binding = reply.binding else {
          throw connection.hangUp(malformed: .deviceControl)
        }
        handle.begin(binding)
      }
      return 0
    })
}

/// Sends a request.
@implementation @c
public func ndisprot_submit(
  _ handle: OpaquePointer!, _ request: UnsafePointer<ndisprot_request>!,
  _ id: UnsafeMutablePointer<UInt64>!, _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    withConnection(handle, timeout: timeout_ms) { handle, connection throws(ClientError) in
      var wanted = unsafe ndisprot_request()
      guard let request = unsafe request, let id = unsafe id, unsafe readSized(request, &wanted),
        unsafe wanted.in != nil || wanted.in_size == 0,
        unsafe (0...MessageHeader.maximumPayloadByteCount).contains(wanted.in_size)
      else { return handle.misused() }
      let input = unsafe UnsafeRawBufferPointer(start: wanted.in, count: wanted.in_size)
      let room = unsafe max(0, wanted.out_size)
      let limit = deadline(timeout_ms)
      do throws(ClientError) {
        switch unsafe wanted.kind {
        case UInt32(NDISPROT_REQUEST_DEVICE_CONTROL):
          let control = unsafe Connection.RawRequest.deviceControl(wanted.code, room: room)
          unsafe id.pointee = try connection.submit(control, input.bytes, by: limit)
          if unsafe wanted.code == RequestCode.openDevice.rawValue {
            unsafe handle.openRequests.insert(id.pointee)
          }
        case UInt32(NDISPROT_REQUEST_READ):
          let longest = MessageHeader.maximumPayloadByteCount - FrameRecord.headerByteCount
          let read = Connection.RawRequest(.read, room: UInt32(clamping: min(room, longest)))
          unsafe id.pointee = try connection.submit(read, by: limit)
        case UInt32(NDISPROT_REQUEST_WRITE):
          var records = RecordWriter()
          guard unsafe records.append(input.bytes) else {
            throw .refused(.frameTooLong, .write)
          }
          unsafe id.pointee = try connection.submit(
            Connection.RawRequest(.write, count: 1), records.records, by: limit)
        default: return handle.misused()
        }
      } catch .timedOut {
        return handle.timedOut(timeout_ms, .write)
      }
      return 0
    })
}

/// Takes the next completed request.
@implementation @c
public func ndisprot_reap(
  _ handle: OpaquePointer!, _ completion: UnsafeMutablePointer<ndisprot_completion>!,
  _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    withConnection(handle, timeout: timeout_ms) { handle, connection throws(ClientError) in
      guard let completion = unsafe completion else { return handle.misused() }
      var isMalformed = false
      let done = unsafe try connection.reap(by: deadline(timeout_ms)) { header, payload in
        var done = unsafe ndisprot_completion()
        unsafe done.id = header.id
        unsafe done.status = ndisprot_status(header.completion, bytesNeeded: header.bytesNeeded)
        if handle.openRequests.remove(header.id) != nil {
          guard header.completion.isSuccess else { return unsafe done }
          if let binding = connection.binding(ofReply: payload) {
            handle.begin(binding)
          } else {
            isMalformed = true
          }
        } else if header.opcode == Opcode.read.rawValue, header.completion.isSuccess {
          isMalformed = unsafe !handle.lend(frameOf: header, payload, &done)
        } else if !header.hasReason {
          unsafe done.data = payload.withUnsafeBytes { unsafe handle.lent.hold($0) }
          unsafe done.length = payload.byteCount
        }
        return unsafe done
      }
      guard let done = unsafe done else { return handle.timedOut(timeout_ms, .read) }
      if isMalformed { throw connection.hangUp(malformed: .read) }
      return unsafe writeSized(done, completion) ? 0 : handle.misused()
    })
}

extension Handle {
  /// Passes on the frame of a READ's reply; false if it has none.
  fileprivate func lend(
    frameOf header: MessageHeader, _ payload: RawSpan, _ done: inout ndisprot_completion
  ) -> Bool {
    do throws(DecodeError) {
      var reader = RecordReader(payload, recordCount: header.count)
      guard let record = try reader.next() else { return false }
      unsafe done.data = record.frame.withUnsafeBytes { unsafe lent.hold($0) }
      unsafe done.length = record.frame.byteCount
      unsafe done.wire_length = Int(record.header.originalLength)
      unsafe done.time_ns = record.header.timestamp
      unsafe done.flags = record.header.flags.rawValue
      unsafe done.lost_before = record.header.lostBefore
      return true
    } catch {
      return false
    }
  }
}

/// Requests a cancellation.
@implementation @c
public func ndisprot_cancel(_ handle: OpaquePointer!, _ id: UInt64, _ timeout_ms: CInt) -> CInt {
  unsafe CInt(
    withConnection(handle, timeout: timeout_ms) { handle, connection throws(ClientError) in
      do throws(ClientError) {
        guard try connection.requestCancellation(of: id, by: deadline(timeout_ms)) else {
          return handle.fail(ENOENT, "No submitted request that is under way has this number")
        }
      } catch .timedOut {
        return handle.timedOut(timeout_ms, .cancel)
      }
      return 0
    })
}
