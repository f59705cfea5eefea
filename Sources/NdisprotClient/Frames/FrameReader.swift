internal import NDIS
public import NdisprotControl

/// Reads at full rate: several reads are always pended, each reply holds as many frames as fit.
///
/// When half of the reads are answered, they are renewed together, after the frames of the last
/// reply: so a program answers a frame before the daemon gets another read, and the other half
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
/// - Complexity: no allocation per frame; one message moves up to 128 KiB
public struct FrameReader: ~Copyable {
  /// Four are enough to keep both sides busy; more did not help.
  public static let defaultPendedReadCount = 4

  private let binding: OpenBinding
  /// The numbers of the pended reads; 0 for a free slot.
  private var ids: InlineArray<8, UInt64> = .init(repeating: 0)
  private let pendedReadCount: Int
  /// The last taken message had arrived during another wait; these are its records.
  private var isKept = false
  private var keptRecords: [UInt8] = []

  /// Reading begins with `start` or `next`.
  ///
  /// - Parameters:
  ///   - binding: the open to read from
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

  /// Whether half of the reads are answered: renewed together, they wake the daemon once.
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
        // More frames may be in the socket; receiving meets the end of the session after them.
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
  ///   - body: receives each frame; it copies what it wants to keep
  /// - Returns: the number of frames; 0 if it timed out
  /// - Throws: `.interrupted`; `.refused` with `adapterRemoved`, `cancelled`
  @inlinable @inline(__always) @discardableResult
  public mutating func next(
    by deadline: Deadline, _ body: (RecordReader.Record) -> Void
  ) throws(ClientError) -> Int {
    guard let count = try takeMessage(by: deadline) else { return 0 }
    try forEachRecord(count, body)
    return Int(count)
  }

  /// Takes the next message of frames, and passes on its records without copying.
  ///
  /// - Parameters:
  ///   - deadline: when to give up; `.now` does not wait
  ///   - body: receives the records, for a `RecordReader`, and their number
  /// - Returns: false if it timed out
  /// - Throws: as `next`
  public mutating func nextMessage(
    by deadline: Deadline, _ body: (RawSpan, UInt32) -> Void
  ) throws(ClientError) -> Bool {
    guard let count = try takeMessage(by: deadline) else { return false }
    body(records, count)
    return true
  }

  /// Passes on the records of the last taken message.
  @inlinable @inline(__always)
  func forEachRecord(
    _ count: UInt32, _ body: (RecordReader.Record) -> Void
  ) throws(ClientError) {
    // Inlined into the program, and `body` into the loop: a call per frame would cost the client as
    // much as the rest of the work on a small one.
    do throws(DecodeError) {
      var reader = RecordReader(records, recordCount: count)
      while let record = try reader.next() { body(record) }
    } catch {
      throw malformed
    }
  }

  /// Takes the next message; its records are `records` until the next call.
  ///
  /// - Returns: their number; nil if it timed out
  @usableFromInline mutating func takeMessage(
    by deadline: Deadline
  ) throws(ClientError) -> UInt32? {
    if isHalfMissing { try pendMissing() }
    if let count = try takeKept() { return count }
    isKept = false
    let connection = binding.connection
    while let header = try connection.receive(by: deadline) {
      if try take(header) { return header.count }
      connection.park(header)
    }
    return nil
  }

  /// Takes a message that arrived during another wait; nil if there is none.
  private mutating func takeKept() throws(ClientError) -> UInt32? {
    guard let kept = binding.connection.takeParked(where: { index(of: $0) != nil }) else {
      return nil
    }
    (isKept, keptRecords) = (true, kept.payload)
    _ = try take(kept.header)
    return kept.header.count
  }

  /// Takes the answer of a read; false if it answers another request.
  private mutating func take(_ header: MessageHeader) throws(ClientError) -> Bool {
    guard let index = index(of: header.id) else { return false }
    ids[index] = 0
    guard header.completion.isSuccess else {
      throw ClientError(refusal: header, records, .read)
    }
    return true
  }

  /// The records of the last taken message.
  @usableFromInline var records: RawSpan {
    @_lifetime(borrow self) get {
      if isKept { return unsafe keptRecords.span.bytes }
      let socket = binding.connection.socket
      return unsafe _overrideLifetime(socket.payload, borrowing: self)
    }
  }

  /// The daemon sent malformed records: the connection is closed.
  @usableFromInline var malformed: ClientError {
    binding.connection.violation(.malformedReply(opcode: Opcode.readBatch.rawValue))
  }

  /// The daemon does not answer: later replies to the pended reads are dropped.
  private mutating func abandon() {
    for index in 0..<pendedReadCount where ids[index] != 0 {
      binding.connection.abandon(ids[index])
      ids[index] = 0
    }
  }

  /// Cancels the pended reads; frames that arrived before that are still delivered.
  ///
  /// The open stays: later frames are queued for the next reader.
  @inline(never)
  public mutating func stop(_ body: (RecordReader.Record) -> Void) throws(ClientError) {
    let connection = binding.connection
    for index in 0..<pendedReadCount where ids[index] != 0 {
      do throws(ClientError) {
        _ = try connection.cancel(ids[index])
      } catch {
        abandon()
        throw error
      }
    }
    // CANCEL's reply follows the reply of the cancelled request, so all replies are here.
    while let kept = connection.takeParked(where: { index(of: $0) != nil }) {
      if let index = index(of: kept.header.id) { ids[index] = 0 }
      guard kept.header.completion.isSuccess else { continue }
      (isKept, keptRecords) = (true, kept.payload)
      try forEachRecord(kept.header.count, body)
    }
  }
}
