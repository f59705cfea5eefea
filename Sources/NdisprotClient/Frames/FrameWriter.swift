internal import NDIS
internal import NdisprotControl

/// Writes at full rate: many frames per message, several messages in progress.
///
/// ```swift
/// var writer = FrameWriter(binding)
/// for _ in 0..<1_000_000 { try writer.write(frame) }
/// let report = try writer.finish()
/// ```
///
/// - Thread: the connection's
/// - Complexity: one copy per frame, no allocation per frame
public struct FrameWriter: ~Copyable {
  /// The most frames in one message: more small ones did not help.
  public static let defaultFrameLimit = 512
  /// Room for 64 of the longest ordinary frames: more large ones did not help.
  static let recordByteLimit = 64 * FrameRecord.byteCount(ofFrame: 1518)
  /// The most unanswered messages.
  public static let defaultOutstandingLimit = 8

  /// A message that is not answered yet.
  private struct Outstanding {
    var id: UInt64 = 0
    var frameCount: UInt64 = 0
  }

  private let binding: OpenBinding
  private var records: RecordWriter
  private let frameLimit: UInt32
  private let outstandingLimit: Int
  private var outstanding: InlineArray<16, Outstanding> = .init(repeating: Outstanding())
  private var outstandingCount = 0
  private let timeout: Duration?
  /// The result for the frames so far.
  public private(set) var report = WriteReport()

  /// Creates a writer.
  ///
  /// - Parameters:
  ///   - binding: the open to write to
  ///   - frameLimit: the most frames in one message
  ///   - outstandingLimit: the most unanswered messages, 1…16
  ///   - timeout: how long the daemon may take for a message
  public init(
    _ binding: OpenBinding, frameLimit: Int = Self.defaultFrameLimit,
    outstandingLimit: Int = Self.defaultOutstandingLimit,
    timeout: Duration? = Connection.defaultTimeout
  ) {
    self.binding = binding
    self.frameLimit = UInt32(clamping: max(1, frameLimit))
    self.outstandingLimit = min(max(1, outstandingLimit), 16)
    self.timeout = timeout
    records = RecordWriter(messageByteLimit: binding.connection.maximumMessageByteCount)
  }

  /// Appends a frame; it is sent when its message is full, or with `flush`.
  ///
  /// A refused frame is counted in `report`; only errors that end the writing are thrown.
  public mutating func write(_ frame: RawSpan) throws(ClientError) {
    if isFull(for: frame.byteCount) { try flush() }
    append(frame)
    if records.recordCount >= frameLimit { try flush() }
  }

  /// Appends a frame if there is room for it before the deadline.
  ///
  /// - Returns: false if too many messages were still unanswered at the deadline; then the frame
  ///   was not appended
  public mutating func write(_ frame: RawSpan, by deadline: Deadline) throws(ClientError) -> Bool {
    if isFull(for: frame.byteCount), try !flush(by: deadline) { return false }
    append(frame)
    // The frame is appended; if its message cannot be sent yet, the next call deals with it.
    if records.recordCount >= frameLimit { _ = try flush(by: .now) }
    return true
  }

  /// Whether the message has to be sent before a frame of this length can be appended.
  ///
  /// Mutating for speed: a borrowed self of this size is copied for each frame.
  @inline(__always)
  private mutating func isFull(for byteCount: Int) -> Bool {
    let taken = records.recordByteCount
    return records.recordCount >= frameLimit
      || (taken > 0 && taken &+ FrameRecord.headerByteCount &+ byteCount > Self.recordByteLimit)
  }

  @inline(__always)
  private mutating func append(_ frame: RawSpan) {
    report.submitted &+= 1
    guard records.append(frame) else {
      // The message is empty now: a frame that does not fit it fits no interface.
      report.count(.frameTooLong, frames: 1)
      report.limitByteCount = UInt32(clamping: binding.maximumFrameByteCount)
      return
    }
  }

  /// Sends the appended frames; their statuses are received later.
  public mutating func flush() throws(ClientError) {
    guard try flush(by: Deadline(after: timeout)) else { throw .timedOut(.write) }
  }

  /// Sends the appended frames if there is room for their message before the deadline.
  ///
  /// - Returns: false if there was no room; the frames are kept
  private mutating func flush(by deadline: Deadline) throws(ClientError) -> Bool {
    guard !records.isEmpty else { return true }
    while outstandingCount >= outstandingLimit {
      guard try takeReply(by: deadline) else { return false }
    }
    let id = binding.connection.newID()
    records.seal(MessageHeader(.writeBatch, id: id))
    do throws(ClientError) {
      while try !binding.connection.trySend(records.message) {
        guard try makeRoom(by: deadline) else {
          binding.connection.abandonUnsent(id)
          return false
        }
      }
    } catch {
      binding.connection.abandonUnsent(id)
      throw error
    }
    note(id, frameCount: UInt64(records.recordCount))
    records.removeAll()
    return true
  }

  /// The socket is full: receives replies, which the daemon waits for, until the socket has room.
  ///
  /// - Returns: false if it timed out
  private mutating func makeRoom(by deadline: Deadline) throws(ClientError) -> Bool {
    let connection = binding.connection
    let socket = connection.socket
    let ready = try socket.wait(
      for: [.send, .receive], by: deadline, connection.interruption)
    if ready.isEmpty { return false }
    if ready.contains(.receive), let header = try connection.tryReceive() {
      count(header, socket.payload)
    }
    return true
  }

  /// Sends what is left and waits for all statuses.
  ///
  /// - Returns: the result for all frames
  @discardableResult
  public mutating func finish() throws(ClientError) -> WriteReport {
    guard try finish(by: Deadline(after: timeout)) else { throw .timedOut(.write) }
    return report
  }

  /// Sends what is left and receives statuses until the deadline.
  ///
  /// - Returns: whether `report` includes the status of every frame
  public mutating func finish(by deadline: Deadline) throws(ClientError) -> Bool {
    guard try flush(by: deadline) else { return false }
    while outstandingCount > 0 {
      guard try takeReply(by: deadline) else { return false }
    }
    return true
  }

  /// Returns the report so far, and begins another one.
  ///
  /// - Returns: nil while the status of a frame is unknown
  public mutating func takeReport() -> WriteReport? {
    guard outstandingCount == 0, records.isEmpty else { return nil }
    defer { report = WriteReport() }
    return report
  }

  /// Ends the writing because the daemon is gone.
  ///
  /// Received statuses are counted, and every other frame counts as `restarted`: those that were
  /// sent may or may not have reached the wire, so nothing is sent again.
  ///
  /// - Returns: the result for all frames; none is outstanding
  public mutating func abandon() -> WriteReport {
    do throws(ClientError) {
      while outstandingCount > 0, try takeReply(by: .now) {}
    } catch {
      // Expected: this is called because the daemon is gone.
    }
    if outstandingCount > 0 {
      for index in outstanding.indices where outstanding[index].id != 0 {
        binding.connection.abandon(outstanding[index].id)
        outstanding[index] = Outstanding()
      }
      outstandingCount = 0
    }
    records.removeAll()
    report.count(.restarted, frames: report.outstanding)
    return report
  }

  // MARK: Replies

  private mutating func note(_ id: UInt64, frameCount: UInt64) {
    for index in outstanding.indices where outstanding[index].id == 0 {
      outstanding[index] = Outstanding(id: id, frameCount: frameCount)
      outstandingCount += 1
      return
    }
  }

  private func index(of id: UInt64) -> Int? {
    for index in outstanding.indices where outstanding[index].id == id { return index }
    return nil
  }

  /// Receives a reply, of this writer or not; false if it timed out.
  @inline(never)
  private mutating func takeReply(by deadline: Deadline) throws(ClientError) -> Bool {
    let connection = binding.connection
    let socket = connection.socket
    if let kept = connection.takeParked(where: { index(of: $0) != nil }) {
      unsafe count(kept.header, kept.payload.span.bytes)
      return true
    }
    guard let header = try connection.receive(by: deadline) else { return false }
    count(header, socket.payload)
    return true
  }

  /// Counts the frames of an answered message; a reply to another request is kept.
  private mutating func count(_ header: MessageHeader, _ payload: RawSpan) {
    guard let index = index(of: header.id) else {
      binding.connection.park(header)
      return
    }
    let frameCount = outstanding[index].frameCount
    outstanding[index] = Outstanding()
    outstandingCount -= 1
    report.count(header, payload, frameCount: frameCount)
  }
}
