internal import Glibc
internal import NDIS
internal import NdisprotControl
internal import Platform

/// Replies of one session that are not sent yet, in order.
///
/// A class, whose own fields are known to be used by one at a time; those of a struct in a field of the
/// queue would be checked for that as they are used.
///
/// - Shape: consecutive entries `[byteCount u64][message][pad to 8]`
/// - Thread: the loop that has the session
@safe final class OutgoingMessages {
  /// At this many bytes the session's messages are no longer read.
  static let bound = 64 << 10

  private var base: UnsafeMutableRawPointer
  private var capacity = 4 << 10
  private var start = 0
  private var end = 0

  init() { unsafe base = .allocate(byteCount: 4 << 10, alignment: 8) }

  deinit { unsafe base.deallocate() }

  /// Bytes that wait to be sent.
  var byteCount: Int { end - start }
  var isEmpty: Bool { start == end }

  /// Adds a message made of a header and a payload.
  func append(_ header: RawSpan, _ payload: RawSpan) {
    let message = header.byteCount + payload.byteCount
    makeRoom(8 + (message + 7) & ~7)
    unsafe base.storeBytes(of: message, toByteOffset: end, as: Int.self)
    unsafe header.withUnsafeBytes { bytes in
      if let from = bytes.baseAddress { unsafe memcpy(base + end + 8, from, bytes.count) }
    }
    unsafe payload.withUnsafeBytes { bytes in
      guard let from = bytes.baseAddress else { return }
      unsafe memcpy(base + end + 8 + header.byteCount, from, bytes.count)
    }
    end += 8 + (message + 7) & ~7
  }

  private func makeRoom(_ needed: Int) {
    if end + needed <= capacity { return }
    let waiting = end - start
    if waiting + needed <= capacity {
      unsafe memmove(base, base + start, waiting)
    } else {
      while capacity < waiting + needed { capacity *= 2 }
      let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
      unsafe memcpy(larger, base + start, waiting)
      unsafe base.deallocate()
      unsafe base = larger
    }
    start = 0
    end = waiting
  }

  /// Frees the room for one long answer that the session may never need again.
  private func shrink() {
    guard capacity > 2 * OutgoingMessages.bound else { return }
    unsafe base.deallocate()
    capacity = OutgoingMessages.bound
    unsafe base = .allocate(byteCount: capacity, alignment: 8)
  }

  /// The result of a flush.
  enum FlushOutcome: Equatable {
    /// Everything was sent.
    case done
    /// The socket is full; the rest stays queued.
    case blocked
    /// The socket never takes a message of this length.
    case tooLong
    /// The peer is gone.
    case gone

    /// What the result of a send means for the queue.
    init(_ outcome: UnixSocket.Outcome) {
      switch outcome {
      case .done: self = .done
      case .wouldBlock: self = .blocked
      case .failed(let error) where error.errno == EMSGSIZE: self = .tooLong
      case .gone, .reset, .carriedDescriptors, .tooLong, .failed: self = .gone
      }
    }
  }

  /// Sends the queued messages, one by one, until the socket is full.
  func flush(to descriptor: Int32) -> FlushOutcome {
    while start < end {
      let byteCount = unsafe base.load(fromByteOffset: start, as: Int.self)
      let message = unsafe RawSpan(_unsafeStart: base + start + 8, byteCount: byteCount)
      var outcome = FlushOutcome(UnixSocket(descriptor).send(message))
      if outcome == .tooLong { outcome = OutgoingMessages.refuse(message, to: descriptor) }
      guard outcome == .done else { return outcome }
      start += 8 + (byteCount + 7) & ~7
    }
    start = 0
    end = 0
    shrink()
    return .done
  }

  /// A message is longer than the socket ever takes: refuses the request that it answers.
  private static func refuse(_ message: RawSpan, to descriptor: Int32) -> FlushOutcome {
    guard var header = try? MessageHeader(decodingReply: message) else { return .gone }
    header.completion = .noMemory
    header.information = 0
    header.bytesNeeded = UInt32(clamping: message.byteCount)
    header.count = 0
    let bytes = header.encoded
    return unsafe FlushOutcome(UnixSocket(descriptor).send(bytes.span.bytes))
  }
}
