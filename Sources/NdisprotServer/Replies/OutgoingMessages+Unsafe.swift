internal import Glibc
internal import NDIS
internal import Ndisprot
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
  /// At this many bytes the session's messages are no longer read, if the budget has room.
  static let longestQueue = 64 << 10
  /// Bytes that each queue has to itself; what it takes beyond them is charged.
  static let own = 32 << 10

  /// At this many bytes the session's messages are no longer read, and at half of them read again.
  private(set) var bound = longestQueue
  private let budget: Budget?
  private let holder: Budget.Holder
  /// For the memory beyond `own`.
  private var charge: Charge?
  private var base: UnsafeMutableRawPointer
  private var capacity = 4 << 10
  private var start = 0
  private var end = 0

  /// Makes an empty queue.
  ///
  /// - Parameters:
  ///   - budget: of the memory beyond `own`; nil does not count it
  ///   - userID: the user to charge
  init(_ budget: Budget? = nil, of userID: UInt32 = 0) {
    self.budget = budget
    holder = Budget.Holder(userID: userID)
    unsafe base = .allocate(byteCount: 4 << 10, alignment: 8)
  }

  deinit { unsafe base.deallocate() }

  /// Bytes that wait to be sent.
  var byteCount: Int { end - start }
  var isEmpty: Bool { start == end }
  /// Whether it is below half of any bound: nearly always.
  var isShort: Bool { byteCount < OutgoingMessages.own / 2 }

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
      recharge()
    }
    start = 0
    end = waiting
  }

  /// Charges for the memory beyond `own`.
  ///
  /// A reply is never refused. While the budget has no room, the session may hold no more than
  /// `own` before its messages are no longer read.
  ///
  /// Rare, and out of line for the sake of replies that fit.
  @inline(never)
  private func recharge() {
    charge = nil
    bound = OutgoingMessages.longestQueue
    guard let budget, capacity > OutgoingMessages.own else { return }
    charge = budget.charge(capacity - OutgoingMessages.own, to: holder)
    guard charge == nil else { return }
    charge = budget.chargeAnyway(capacity - OutgoingMessages.own, to: holder)
    bound = OutgoingMessages.own
  }

  /// Frees the room for long answers that the session may never need again.
  @inline(never)
  private func shrink() {
    unsafe base.deallocate()
    capacity = OutgoingMessages.own
    unsafe base = .allocate(byteCount: capacity, alignment: 8)
    recharge()
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
    if capacity > OutgoingMessages.own { shrink() }
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
