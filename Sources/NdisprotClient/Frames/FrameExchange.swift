internal import NDIS
public import NdisprotControl

/// Frames in both directions over one session without blocking: for programs with a loop of their
/// own.
///
/// The program watches `descriptor` and calls `receive` until it finds no message. Frames to write
/// are appended in place in the send buffer, and sent with `submit`. Several reads and several
/// messages of frames are in progress at once, as with `FrameReader` and `FrameWriter`.
///
/// Blocking requests of the connection, such as `OpenBinding.set`, can be used meanwhile: what they
/// received besides their reply is returned by the next `receive`.
///
/// - Thread: the connection's
/// - Complexity: one copy per frame, no allocation per frame
public final class FrameExchange {
  /// What a call of `receive` found.
  public enum Outcome: Equatable, Sendable {
    /// No message.
    case nothing
    /// A message with this many frames.
    case frames(Int)
    /// A message of another kind.
    case other
  }

  /// A message of frames that is not answered yet.
  private struct Outstanding {
    var id: UInt64 = 0
    var frameCount: UInt64 = 0
  }

  private let connection: Connection
  /// The numbers of the pended reads; 0 for a free slot.
  private var readIDs: InlineArray<4, UInt64> = .init(repeating: 0)
  private var outstanding: InlineArray<8, Outstanding> = .init(repeating: Outstanding())
  private var outstandingCount = 0
  /// Frames to write.
  private let box = OpenBinding.WriterBox()
  /// The number that the sealed message has; 0 if it is not sealed.
  private var sealedID: UInt64 = 0
  /// The result for the written frames so far.
  public private(set) var report: WriteReport

  /// Reading begins with `start`.
  ///
  /// - Parameters:
  ///   - binding: the open to use; no other reader may use its connection
  ///   - report: the report to continue: that of a previous exchange
  public init(_ binding: OpenBinding, continuing report: WriteReport = WriteReport()) {
    connection = binding.connection
    self.report = report
    box.records = RecordWriter(messageByteLimit: connection.maximumMessageByteCount)
  }

  /// The connection's socket, to be polled and not used otherwise.
  ///
  /// - Ownership: the connection's
  public var descriptor: Int32 { connection.socket.descriptor }

  /// Pends the reads.
  public func start() throws(ClientError) { try pendMissingReads() }

  // MARK: Receiving

  /// Takes one message, if one is available.
  ///
  /// - Parameter body: receives each frame; it copies what it wants to keep
  /// - Returns: the kind of message
  /// - Throws: `.daemonGone`; `.refused` with `adapterRemoved`, `cancelled` when the reads ended
  public func receive(_ body: (RecordReader.Record) -> Void) throws(ClientError) -> Outcome {
    if let kept = connection.takeParked(where: { isPended($0) }) {
      return try unsafe take(kept.header, kept.payload.span.bytes, body)
    }
    let eventCount = connection.events.count
    guard let header = try connection.tryReceive() else {
      return connection.events.count == eventCount ? .nothing : .other
    }
    let socket = connection.socket
    return try take(header, socket.payload, body)
  }

  /// The oldest event received meanwhile; the connection must be subscribed with an `EventReader`.
  public func takeEvent() -> EventMessage? {
    connection.events.isEmpty ? nil : connection.events.removeFirst()
  }

  private func isPended(_ id: UInt64) -> Bool {
    readIndex(id) != nil || outstandingIndex(id) != nil
  }

  private func readIndex(_ id: UInt64) -> Int? {
    for index in readIDs.indices where readIDs[index] == id { return index }
    return nil
  }

  private func outstandingIndex(_ id: UInt64) -> Int? {
    for index in outstanding.indices where outstanding[index].id == id { return index }
    return nil
  }

  private func take(
    _ header: MessageHeader, _ payload: RawSpan, _ body: (RecordReader.Record) -> Void
  ) throws(ClientError) -> Outcome {
    if let index = readIndex(header.id) {
      readIDs[index] = 0
      guard header.completion.isSuccess else {
        throw .refused(header.completion, .read, bytesNeeded: header.bytesNeeded)
      }
      try lend(header.count, payload, body)
      // Requested together, they wake the daemon once.
      if missingReadCount * 2 >= readIDs.count { try pendMissingReads() }
      return .frames(Int(header.count))
    }
    if let index = outstandingIndex(header.id) {
      let frameCount = outstanding[index].frameCount
      outstanding[index] = Outstanding()
      outstandingCount -= 1
      report.count(header, payload, frameCount: frameCount)
    }
    // An unexpected message is the late reply of an abandoned request.
    return .other
  }

  private func lend(
    _ count: UInt32, _ payload: RawSpan, _ body: (RecordReader.Record) -> Void
  ) throws(ClientError) {
    do throws(DecodeError) {
      var reader = RecordReader(payload, recordCount: count)
      while let record = try reader.next() { body(record) }
    } catch {
      throw connection.violation(.malformedReply(opcode: Opcode.readBatch.rawValue))
    }
  }

  private var missingReadCount: Int {
    var missing = 0
    for index in readIDs.indices where readIDs[index] == 0 { missing += 1 }
    return missing
  }

  /// Reads for which the socket has no room are pended after the next message.
  private func pendMissingReads() throws(ClientError) {
    for index in readIDs.indices where readIDs[index] == 0 {
      var header = MessageHeader(.readBatch, id: connection.newID())
      header.information = UInt32(
        clamping: connection.maximumMessageByteCount - MessageHeader.byteCount)
      let front = header.encoded
      guard try unsafe connection.trySend(front.span.bytes) else {
        connection.abandonUnsent(header.id)
        return
      }
      readIDs[index] = header.id
    }
  }

  // MARK: Sending

  /// Whether another message of frames may be sent before one is answered.
  public var canSubmit: Bool { outstandingCount < outstanding.count }

  /// Whether messages of frames are unanswered: their replies make `descriptor` readable.
  public var isAwaitingReplies: Bool { outstandingCount > 0 }

  /// Frames that wait for `submit`.
  public var appendedCount: Int { Int(box.records.recordCount) }

  /// Bytes of the frames and their headers that wait for `submit`.
  public var appendedByteCount: Int {
    let box = box
    return box.records.records.byteCount
  }

  /// Appends a frame that `read` writes in place; see `RecordWriter.append`.
  ///
  /// - Returns: false if there is no room, or no frame; and while a sealed message waits for the
  ///   socket
  public func append(upTo byteLimit: Int, reading read: (inout MutableRawSpan) -> Int) -> Bool {
    guard sealedID == 0, box.records.append(upTo: byteLimit, reading: read) else { return false }
    report.submitted += 1
    return true
  }

  /// Sends the appended frames.
  ///
  /// - Returns: false if no message may be sent now, or the socket is full: call it again later
  public func submit() throws(ClientError) -> Bool {
    let box = box
    guard !box.records.isEmpty else { return true }
    guard canSubmit else { return false }
    if sealedID == 0 {
      sealedID = connection.newID()
      box.records.seal(MessageHeader(.writeBatch, id: sealedID))
    }
    guard try connection.trySend(box.records.message) else { return false }
    if let index = outstandingIndex(0) {
      outstanding[index] = Outstanding(id: sealedID, frameCount: UInt64(box.records.recordCount))
      outstandingCount += 1
    }
    sealedID = 0
    box.records.removeAll()
    return true
  }

  /// Ends the exchange because the daemon or the binding is gone.
  ///
  /// - Returns: the result for the frames; those without a status count as `restarted`
  public func abandon() -> WriteReport {
    report.count(.restarted, frames: report.outstanding)
    box.records.removeAll()
    outstanding = .init(repeating: Outstanding())
    outstandingCount = 0
    return report
  }
}
