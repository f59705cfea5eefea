public import CLinux
internal import Glibc

// Messages: these calls never block, except a receive with `isWaiting`, and never raise SIGPIPE.

extension UnixSocket {
  /// The most segments of a message that go in one call, the first part included.
  public static var segmentLimit: Int { 64 }

  /// Sends a message, made of two parts, if the socket has room.
  public func send(_ front: RawSpan, _ rest: RawSpan = RawSpan()) -> Outcome {
    unsafe front.withUnsafeBytes { front in
      unsafe rest.withUnsafeBytes { rest in
        // sendmsg only reads through the vectors. A table of 64, as below, costs as much as the
        // rest.
        var vectors: InlineArray<2, iovec> = unsafe [
          iovec(
            iov_base: UnsafeMutableRawPointer(mutating: front.baseAddress), iov_len: front.count),
          iovec(iov_base: UnsafeMutableRawPointer(mutating: rest.baseAddress), iov_len: rest.count),
        ]
        var span = unsafe vectors.mutableSpan
        return unsafe span.withUnsafeMutableBufferPointer { unsafe send($0) }
      }
    }
  }

  /// Sends a message, made of a front and separate segments, if the socket has room.
  ///
  /// - Parameters:
  ///   - front: the first part
  ///   - segments: the following parts; those beyond `segmentLimit` - 1 are ignored
  /// - Returns: the result
  @unsafe public func send(
    _ front: RawSpan, gathering segments: UnsafeBufferPointer<iovec>
  ) -> Outcome {
    var vectors = unsafe InlineArray<64, iovec>(repeating: iovec())
    return unsafe front.withUnsafeBytes { front in
      unsafe vectors[0] = iovec(
        iov_base: UnsafeMutableRawPointer(mutating: front.baseAddress), iov_len: front.count)
      let count = 1 + min(segments.count, Self.segmentLimit - 1)
      for index in 1..<count { unsafe vectors[index] = segments[index - 1] }
      var span = unsafe vectors.mutableSpan
      return unsafe span.withUnsafeMutableBufferPointer { table in
        unsafe send(UnsafeMutableBufferPointer(rebasing: table[..<count]))
      }
    }
  }

  private func send(_ vectors: UnsafeMutableBufferPointer<iovec>) -> Outcome {
    var message = unsafe msghdr()
    unsafe message.msg_iov = vectors.baseAddress
    unsafe message.msg_iovlen = vectors.count
    let sent = unsafe sendmsg(descriptor, &message, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    return sent < 0 ? outcome(of: "sendmsg") : .done(byteCount: sent)
  }

  /// Sends a message to an address.
  public func send(_ message: RawSpan, to address: UnixAddress) -> Outcome {
    unsafe address.withSocketAddress { address, byteCount in
      unsafe message.withUnsafeBytes { bytes in
        let sent = unsafe sendto(
          descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT),
          address, byteCount)
        return sent < 0 ? outcome(of: "sendto") : .done(byteCount: sent)
      }
    }
  }

  /// Receives a message if one is available.
  ///
  /// - Parameters:
  ///   - room: the buffer for it
  ///   - isWaiting: waits for one, up to the time of `setReceiveTimeout`
  /// - Returns: `.gone` at the end of the connection, which an empty message means too
  public func receive(into room: inout MutableRawSpan, isWaiting: Bool = false) -> Outcome {
    unsafe room.withUnsafeMutableBytes { memory in
      var vector = unsafe iovec(iov_base: memory.baseAddress, iov_len: memory.count)
      return unsafe withUnsafeMutablePointer(to: &vector) { vector in
        var message = unsafe msghdr()
        unsafe message.msg_iov = vector
        unsafe message.msg_iovlen = 1
        let flags = Int32(MSG_CMSG_CLOEXEC) | (isWaiting ? 0 : Int32(MSG_DONTWAIT))
        let received = unsafe recvmsg(descriptor, &message, flags)
        if received <= 0 { return received < 0 ? outcome(of: "recvmsg") : .gone }
        // No room was given for descriptors, so the kernel has closed those that were attached.
        if unsafe message.msg_flags & Int32(MSG_CTRUNC) != 0 { return .carriedDescriptors }
        if unsafe message.msg_flags & Int32(MSG_TRUNC) != 0 {
          return .tooLong(byteCount: received)
        }
        return .done(byteCount: received)
      }
    }
  }

  /// The meaning of errno for a message.
  private func outcome(of call: StaticString) -> Outcome {
    let error = clinux_errno()
    switch error {
    // ENOBUFS: no memory for the message at present; treated as a full socket.
    // EINTR: a waiting caller checks its deadline before it waits again.
    case EAGAIN, ENOBUFS, EINTR: return .wouldBlock
    case EPIPE, ENOTCONN: return .gone
    case ECONNRESET: return .reset
    default: return .failed(SystemError(errno: error, call: call.description))
    }
  }
}
