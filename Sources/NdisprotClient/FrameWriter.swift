internal import NDIS
internal import NdisprotControl

/// Writes at full rate: many frames in a message, several messages on their way.
///
/// ```swift
/// var writer = FrameWriter(binding)
/// for _ in 0..<1_000_000 { try writer.write(frame) }
/// let report = try writer.finish()
/// ```
///
/// - Thread: the connection's
/// - Complexity: one copy of each frame, no allocation for a frame
public struct FrameWriter: ~Copyable {
  /// The most frames that go in one message: more small ones did not help.
  public static let defaultFrameLimit = 512
  /// Room for 64 of the longest ordinary frames: more large ones did not help.
  static let recordByteLimit = 64 * FrameRecord.byteCount(ofFrame: 1518)
  /// Messages on their way.
  public static let defaultOutstandingLimit = 8

  /// A message on its way.
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
  /// What became of the frames so far.
  public private(set) var report = WriteReport()

  /// Makes a writer.
  ///
  /// - Parameters:
  ///   - binding: where to write
  ///   - frameLimit: the most frames in one message
  ///   - outstandingLimit: the most messages on their way, 1…16
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

  /// Takes a frame; it leaves when its message is full, or at `flush`.
  ///
  /// A frame that is refused is counted in `report`; only what ends the writing is thrown.
  public mutating func write(_ frame: RawSpan) throws(ClientError) {
    report.submitted += 1
    let byteCount = FrameRecord.headerByteCount + frame.byteCount
    if !records.isEmpty, records.records.byteCount + byteCount > Self.recordByteLimit {
      try flush()
    }
    guard records.append(frame) else {
      // The message is empty or was made so: what does not fit it fits no interface.
      report.count(.frameTooLong, frames: 1)
      report.limitByteCount = UInt32(clamping: binding.maximumFrameByteCount)
      return
    }
    if records.recordCount >= frameLimit { try flush() }
  }

  /// Sends the frames taken so far; their statuses come later.
  public mutating func flush() throws(ClientError) {
    guard !records.isEmpty else { return }
    let deadline = Deadline(after: timeout)
    while outstandingCount >= outstandingLimit { try takeReply(by: deadline) }
    let id = binding.connection.newID()
    records.seal(MessageHeader(.writeBatch, id: id))
    do throws(ClientError) {
      while try !binding.connection.trySend(records.message) {
        try makeRoom(by: deadline)
      }
    } catch {
      binding.connection.abandonUnsent(id)
      throw error
    }
    note(id, frameCount: UInt64(records.recordCount))
    records.removeAll()
  }

  /// The socket is full: takes replies, which is what the daemon waits for, until it is not.
  private mutating func makeRoom(by deadline: Deadline) throws(ClientError) {
    let connection = binding.connection
    let socket = connection.socket
    let ready = try socket.wait(
      for: [.send, .receive], by: deadline, connection.interruption)
    if ready.isEmpty { throw .timedOut(.write) }
    if ready.contains(.receive), let header = try connection.tryReceive() {
      count(header, socket.payload)
    }
  }

  /// Sends what is left and waits for all statuses.
  ///
  /// - Returns: what became of the frames
  @discardableResult
  public mutating func finish() throws(ClientError) -> WriteReport {
    try flush()
    let deadline = Deadline(after: timeout)
    while outstandingCount > 0 { try takeReply(by: deadline) }
    return report
  }

  /// Ends the writing when the daemon is gone.
  ///
  /// Statuses that had come are counted, and every other frame as `restarted`: those that had left may
  /// be on the wire or not, so nothing is sent again.
  ///
  /// - Returns: what became of the frames; none is outstanding
  public mutating func abandon() -> WriteReport {
    do throws(ClientError) {
      while outstandingCount > 0 { try takeReply(by: .now) }
    } catch {
      // Nothing more has come: that is why this is called.
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

  private mutating func takeReply(by deadline: Deadline) throws(ClientError) {
    let connection = binding.connection
    let socket = connection.socket
    if let kept = connection.takeParked(where: { index(of: $0) != nil }) {
      return unsafe count(kept.header, kept.payload.span.bytes)
    }
    guard let header = try connection.receive(by: deadline) else { throw .timedOut(.write) }
    count(header, socket.payload)
  }

  /// Counts the frames of a message that was answered; a reply to somebody else is kept.
  private mutating func count(_ header: MessageHeader, _ payload: RawSpan) {
    guard let index = index(of: header.id) else {
      binding.connection.park(header)
      return
    }
    let frameCount = outstanding[index].frameCount
    outstanding[index] = Outstanding()
    outstandingCount -= 1
    report.sentByteCount += UInt64(header.information)
    if header.completion.isSuccess {
      report.sent += frameCount
    } else {
      countFailures(header, payload, frameCount)
    }
  }

  private mutating func countFailures(
    _ header: MessageHeader, _ payload: RawSpan, _ frameCount: UInt64
  ) {
    if report.limitByteCount == 0 { report.limitByteCount = header.bytesNeeded }
    if report.reason.isEmpty { report.reason = header.reason(in: payload) ?? "" }
    guard let statuses = try? FrameStatuses(payload, of: header),
      UInt64(statuses.count) == frameCount
    else {
      // The message as a whole was refused.
      report.count(header.completion, frames: frameCount)
      return
    }
    for index in 0..<statuses.count {
      let status = statuses[index]
      if status.isSuccess {
        report.sent += 1
      } else {
        report.count(status, frames: 1)
      }
    }
  }
}
