// swift-format-ignore-file: OrderedImports
public import NdisprotC
internal import NdisprotClient

// After NdisprotC: `iovec` belongs to the module imported first, where Glibc is a module of ours.
internal import Glibc

// Sending frames.

/// Writes one frame.
@implementation @c
public func ndisprot_write(
  _ handle: OpaquePointer!, _ frame: UnsafeRawPointer!, _ length: Int, _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    withBinding(handle, timeout: timeout_ms) { handle, binding throws(ClientError) in
      guard let frame = unsafe frame, length >= 0 else { return handle.misused() }
      do throws(ClientError) {
        try binding.write(
          unsafe RawSpan(_unsafeStart: frame, byteCount: length), timeout: duration(timeout_ms))
      } catch .timedOut(.write) {
        return handle.timedOut(timeout_ms, .write)
      }
      return 0
    })
}

/// Writes frames in one message.
@implementation @c
public func ndisprot_write_batch(
  _ handle: OpaquePointer!, _ frames: UnsafePointer<iovec>!, _ count: CUnsignedInt,
  _ errors: UnsafeMutablePointer<CInt>!, _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    withBinding(handle, timeout: timeout_ms) { handle, binding throws(ClientError) in
      guard unsafe frames != nil || count == 0 else { return handle.misused() }
      var copies: [[UInt8]] = []
      for index in 0..<min(Int(count), MessageHeader.maximumMessageByteCount) {
        let vector = unsafe frames[index]
        guard unsafe vector.iov_base != nil || vector.iov_len == 0 else { return handle.misused() }
        copies.append(
          unsafe Array(
            UnsafeRawBufferPointer(
              start: vector.iov_base,
              count: min(vector.iov_len, MessageHeader.maximumMessageByteCount))))
      }
      let statuses: [CompletionStatus]
      do throws(ClientError) {
        statuses = try binding.writeBatch(copies, timeout: duration(timeout_ms))
      } catch .timedOut(.write) {
        return handle.timedOut(timeout_ms, .write)
      }
      var sent = 0
      for (index, status) in statuses.enumerated() {
        if status.isSuccess { sent += 1 }
        if let errors = unsafe errors {
          unsafe errors[index] = status.isSuccess ? 0 : -status.number
        }
      }
      return sent
    })
}

/// Appends a frame to a message.
@implementation @c
public func ndisprot_queue(
  _ handle: OpaquePointer!, _ frame: UnsafeRawPointer!, _ length: Int, _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    truncatingIfNeeded: withBusyBinding(handle, timeout: timeout_ms) {
      handle, binding throws(ClientError) in
      guard let frame = unsafe frame, length >= 0 else { return handle.misused() }
      let box = handle.batchWriter(binding)
      let isTaken = try box.writer.write(
        unsafe RawSpan(_unsafeStart: frame, byteCount: length), by: deadline(timeout_ms))
      return isTaken ? 0 : handle.timedOut(timeout_ms, .write)
    })
}

/// Sends the queued frames.
@implementation @c
public func ndisprot_flush(
  _ handle: OpaquePointer!, _ report: UnsafeMutablePointer<ndisprot_report>!, _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    withBinding(handle, timeout: timeout_ms) { handle, _ throws(ClientError) in
      var isFinished = true
      do throws(ClientError) {
        if let box = handle.writer {
          isFinished = try box.writer.finish(by: deadline(timeout_ms))
        }
      } catch {
        // Nothing is sent twice: frames without a status are reported as unknown, once.
        if error.isEnd { handle.carryReport() }
        _ = unsafe handle.write(report, ends: error.isEnd)
        throw error
      }
      guard unsafe handle.write(report, ends: isFinished) else { return handle.misused() }
      return isFinished ? 0 : handle.timedOut(timeout_ms, .write)
    })
}

extension ClientError {
  fileprivate var isEnd: Bool {
    switch self {
    case .daemonGone, .protocolViolation: true
    default: false
    }
  }
}

extension Handle {
  /// The writer of the open, which fills messages.
  @inline(__always)
  func batchWriter(_ binding: OpenBinding) -> WriterBox {
    if let writer { return writer }
    let made = WriterBox(binding)
    writer = made
    return made
  }

  /// Fills a report; a final report restarts the counts.
  ///
  /// - Returns: false if the program did not set the size
  fileprivate func write(_ report: UnsafeMutablePointer<ndisprot_report>?, ends: Bool) -> Bool {
    var counts = carried
    if let writer { counts.add(writer.writer.report) }
    if let report = unsafe report, unsafe !writeSized(counts, report) { return false }
    if ends {
      carried = ndisprot_report()
      _ = writer?.writer.takeReport()
    }
    return true
  }
}

extension ndisprot_report {
  mutating func add(_ report: WriteReport) {
    let lost = report.failures[.restarted] ?? 0
    submitted &+= report.submitted
    sent &+= report.sent
    failed &+= report.failed &- lost
    unknown &+= lost
    if first_error == 0, let failure = report.firstFailure { first_error = -failure.number }
  }
}
