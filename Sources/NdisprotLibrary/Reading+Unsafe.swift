internal import Glibc
public import NdisprotC
internal import NdisprotClient

// Receiving frames.

extension ndisprot_frame {
  @inline(__always)
  init(_ header: FrameRecord, _ data: UnsafeRawPointer?) {
    unsafe self.init(
      data: data?.assumingMemoryBound(to: UInt8.self), length: header.length,
      wire_length: header.originalLength, time_ns: header.timestamp,
      flags: header.flags.rawValue, lost_before: header.lostBefore)
  }
}

extension Handle {
  /// The reader of the open, which keeps reads pended.
  @inline(__always)
  func pendedReader(_ binding: OpenBinding) -> ReaderBox {
    if let reader { return reader }
    let made = ReaderBox(binding)
    reader = made
    return made
  }

  /// Fills `kept` from the next message if it is empty; false if it timed out.
  func hasFrames(_ binding: OpenBinding, _ timeout: CInt) throws(ClientError) -> Bool {
    if kept.count > 0 { return true }
    let box = pendedReader(binding)
    var (isHeld, isEmpty) = (true, false)
    let isThere = try box.reader.nextMessage(by: deadline(timeout)) { records, count in
      isEmpty = count == 0
      isHeld = kept.replace(records, count: count)
    }
    guard isHeld else { throw .system(SystemError(errno: ENOMEM, call: "realloc")) }
    if isEmpty { throw malformed(binding, .readBatch) }
    return isThere
  }
}

/// Reads one frame.
@implementation @c
public func ndisprot_read(
  _ handle: OpaquePointer!, _ buffer: UnsafeMutableRawPointer!, _ size: Int,
  _ about: UnsafeMutablePointer<ndisprot_frame>!, _ timeout_ms: CInt
) -> Int {
  unsafe withBinding(handle, timeout: timeout_ms) { handle, binding throws(ClientError) in
    guard size >= 0, unsafe buffer != nil || size == 0 else { return handle.misused() }
    // Pended reads get the frames first, so the next one is there.
    if handle.reader != nil || handle.kept.count > 0 {
      guard try handle.hasFrames(binding, timeout_ms) else {
        return handle.timedOut(timeout_ms, .read)
      }
      return unsafe try handle.takeKept(binding, buffer, size, about)
    }
    let room = min(size, MessageHeader.maximumPayloadByteCount - FrameRecord.headerByteCount)
    do throws(ClientError) {
      return try binding.read(byteLimit: room, timeout: duration(timeout_ms)) { record in
        unsafe hand(record, buffer, about)
      }
    } catch .timedOut(.read) {
      return handle.timedOut(timeout_ms, .read)
    }
  }
}

/// Copies a frame to the program, cut to its buffer, whose size the caller has checked.
private func hand(
  _ record: RecordReader.Record, _ buffer: UnsafeMutableRawPointer?,
  _ about: UnsafeMutablePointer<ndisprot_frame>?, limit: Int = .max
) -> Int {
  unsafe record.frame.withUnsafeBytes { bytes in
    let count = min(bytes.count, limit)
    if let from = bytes.baseAddress, let buffer = unsafe buffer {
      unsafe buffer.copyMemory(from: from, byteCount: count)
    }
    if let about = unsafe about {
      unsafe about.pointee = ndisprot_frame(record.header, buffer)
      unsafe about.pointee.length = UInt32(count)
      if count < bytes.count { unsafe about.pointee.flags |= FrameRecord.Flags.truncated.rawValue }
    }
    return count
  }
}

extension Handle {
  /// Copies the next frame of `kept`, which is not empty.
  fileprivate func takeKept(
    _ binding: OpenBinding, _ buffer: UnsafeMutableRawPointer?, _ size: Int,
    _ about: UnsafeMutablePointer<ndisprot_frame>?
  ) throws(ClientError) -> Int {
    do throws(DecodeError) {
      if binding.granted.flags.contains(.failOnTruncation) {
        var length = 0
        try kept.peek { length = $0.frame.byteCount }
        guard length <= size else {
          return fail(
            .refused(.messageTooLong, .read, bytesNeeded: UInt32(clamping: length)))
        }
      }
      var copied = 0
      _ = try kept.take(1) { record, _ in
        copied = unsafe hand(record, buffer, about, limit: size)
      }
      return copied
    } catch {
      throw malformed(binding, .readBatch)
    }
  }
}

/// Takes the available frames.
@implementation @c
public func ndisprot_read_batch(
  _ handle: OpaquePointer!, _ frames: UnsafeMutablePointer<ndisprot_frame>!,
  _ count: CUnsignedInt, _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    truncatingIfNeeded: withBusyBinding(handle, timeout: timeout_ms) {
      handle, binding throws(ClientError) in
      guard let frames = unsafe frames, count > 0 else { return handle.misused() }
      guard try handle.hasFrames(binding, timeout_ms) else {
        return handle.timedOut(timeout_ms, .read)
      }
      do throws(DecodeError) {
        return try handle.kept.take(count) { record, index in
          unsafe record.frame.withUnsafeBytes { bytes in
            unsafe frames[index] = ndisprot_frame(record.header, bytes.baseAddress)
          }
        }
      } catch {
        throw handle.malformed(binding, .readBatch)
      }
    })
}

/// Passes the frames of one message to a function.
@implementation @c
public func ndisprot_dispatch(
  _ handle: OpaquePointer!, _ function: ndisprot_frame_fn!, _ context: UnsafeMutableRawPointer!,
  _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    truncatingIfNeeded: withBusyBinding(handle, timeout: timeout_ms) {
      handle, binding throws(ClientError) in
      guard let function = unsafe function else { return handle.misused() }
      var frame = unsafe ndisprot_frame()
      let lend = { (record: RecordReader.Record) in
        unsafe record.frame.withUnsafeBytes { bytes in
          unsafe frame = ndisprot_frame(record.header, bytes.baseAddress)
          unsafe function(&frame, context)
        }
      }
      handle.isLending = true
      defer { handle.isLending = false }
      if handle.kept.count > 0 {
        return try handle.lendKept(binding, lend)
      }
      let box = handle.pendedReader(binding)
      let taken = try box.reader.next(by: deadline(timeout_ms), lend)
      return taken > 0 ? taken : handle.timedOut(timeout_ms, .read)
    })
}

extension Handle {
  /// Passes on the rest of a message that the program took in part.
  @inline(never)
  fileprivate func lendKept(
    _ binding: OpenBinding, _ lend: (RecordReader.Record) -> Void
  ) throws(ClientError) -> Int {
    do throws(DecodeError) {
      return try kept.take(.max) { record, _ in lend(record) }
    } catch {
      throw malformed(binding, .readBatch)
    }
  }
}

/// Cancels pended reads.
@implementation @c
public func ndisprot_cancel_reads(_ handle: OpaquePointer!) -> CInt {
  unsafe CInt(
    withBinding(handle) { handle, _ throws(ClientError) in
      guard let box = handle.reader else { return 0 }
      var isHeld = true
      try box.reader.stop { record in
        if !handle.kept.append(record) { isHeld = false }
      }
      handle.reader = nil
      return isHeld
        ? 0 : handle.fail(ENOMEM, "There is no memory for the frames that came meanwhile")
    })
}
