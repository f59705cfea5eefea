internal import NDIS
public import NdisprotControl

/// Reads at full rate: several reads are always pended, each reply holds as many frames as fit.
///
/// Reads that were answered are asked for again when half of them were, together, and behind the
/// frames: whoever answers a frame does it before the daemon hears of another read, and the other half
/// keeps the daemon busy meanwhile.
///
/// ```swift
/// var reader = FrameReader(binding)
/// while true {
///   try reader.next(by: .never) { record in print(record.frame.byteCount) }
/// }
/// ```
///
/// - Thread: the connection's
/// - Complexity: no allocation for a frame; one message moves up to 128 KiB
public struct FrameReader: ~Copyable {
  /// Four are enough to keep both sides busy; more did not help.
  public static let defaultPendedReadCount = 4

  private let binding: OpenBinding
  /// The numbers of the pended reads; 0 for one that is not.
  private var ids: InlineArray<8, UInt64> = .init(repeating: 0)
  private let pendedReadCount: Int

  /// Nothing is read before `start` or `next`.
  ///
  /// - Parameters:
  ///   - binding: where to read
  ///   - pendedReadCount: 1…8
  public init(_ binding: OpenBinding, pendedReadCount: Int = Self.defaultPendedReadCount) {
    self.binding = binding
    self.pendedReadCount = min(max(1, pendedReadCount), 8)
  }

  /// Pends the reads, and returns when the daemon has them.
  public mutating func start() throws(ClientError) {
    try pendMissing()
    try binding.synchronize()
  }

  private func readHeader() -> MessageHeader {
    var header = MessageHeader(.readBatch, id: binding.connection.newID())
    header.information = UInt32(
      clamping: binding.connection.maximumMessageByteCount - MessageHeader.byteCount)
    return header
  }

  /// Whether half of the reads were answered: asked for together, they wake the daemon once.
  private var isHalfMissing: Bool {
    var missing = 0
    for index in 0..<pendedReadCount where ids[index] == 0 { missing += 1 }
    return missing * 2 >= pendedReadCount
  }

  private mutating func pendMissing() throws(ClientError) {
    for index in 0..<pendedReadCount where ids[index] == 0 {
      let header = readHeader()
      do throws(ClientError) {
        try binding.connection.send(
          header, by: Deadline(after: Connection.defaultTimeout), .read)
        ids[index] = header.id
      } catch .daemonGone {
        // Frames may be here still; who receives behind them hears that it is gone.
        binding.connection.abandonUnsent(header.id)
        return
      }
    }
  }

  private func index(of id: UInt64) -> Int? {
    for index in 0..<pendedReadCount where ids[index] == id { return index }
    return nil
  }

  /// Takes the next message of frames.
  ///
  /// - Parameters:
  ///   - deadline: when to give up
  ///   - body: is lent each frame; what it wants to keep, it copies
  /// - Returns: how many frames there were; 0 when the deadline is over
  /// - Throws: `.interrupted`; `.refused` with `adapterRemoved`, `cancelled`
  @inlinable @discardableResult
  public mutating func next(
    by deadline: Deadline, _ body: (RecordReader.Record) -> Void
  ) throws(ClientError) -> Int {
    // The loop over the records is inlined into its caller: a call for each frame is a tenth of what
    // a small one costs the client.
    try nextMessage(by: deadline) { payload, count throws(DecodeError) in
      var reader = RecordReader(payload, recordCount: count)
      while let record = try reader.next() { body(record) }
    }
  }

  /// Takes the next message and lends its records to `body`.
  @usableFromInline mutating func nextMessage(
    by deadline: Deadline, _ body: (RawSpan, UInt32) throws(DecodeError) -> Void
  ) throws(ClientError) -> Int {
    if isHalfMissing { try pendMissing() }
    let connection = binding.connection
    if let kept = connection.takeParked(where: { index(of: $0) != nil }) {
      if let index = index(of: kept.header.id) { ids[index] = 0 }
      return try unsafe deliver(kept.header, kept.payload.span.bytes, body)
    }
    let socket = connection.socket
    while let header = try connection.receive(by: deadline) {
      guard let index = index(of: header.id) else {
        connection.park(header)
        continue
      }
      ids[index] = 0
      return try deliver(header, socket.payload, body)
    }
    return 0
  }

  private func deliver(
    _ header: MessageHeader, _ payload: RawSpan,
    _ body: (RawSpan, UInt32) throws(DecodeError) -> Void
  ) throws(ClientError) -> Int {
    guard header.completion.isSuccess else {
      throw .refused(header.completion, .read, bytesNeeded: header.bytesNeeded)
    }
    do throws(DecodeError) {
      try body(payload, header.count)
      return Int(header.count)
    } catch {
      throw binding.connection.violation(.malformedReply(opcode: header.opcode))
    }
  }

  /// Cancels the pended reads; frames that came before that are still delivered.
  ///
  /// The open goes on: what arrives from now on is queued for the next reader.
  public mutating func stop(_ body: (RecordReader.Record) -> Void) throws(ClientError) {
    let connection = binding.connection
    for index in 0..<pendedReadCount where ids[index] != 0 {
      _ = try connection.cancel(ids[index])
    }
    // CANCEL's reply comes after the reply of what it cancelled, so all of them are here.
    while let kept = connection.takeParked(where: { index(of: $0) != nil }) {
      if let index = index(of: kept.header.id) { ids[index] = 0 }
      if kept.header.completion.isSuccess {
        _ = try unsafe deliver(kept.header, kept.payload.span.bytes) {
          payload, count throws(DecodeError) in
          var reader = RecordReader(payload, recordCount: count)
          while let record = try reader.next() { body(record) }
        }
      }
    }
  }
}
