public import NDIS
public import NdisprotControl

extension OpenBinding {
  /// Reads one frame, waiting for it if none is queued.
  ///
  /// - Parameters:
  ///   - byteLimit: a longer frame is cut, and its flags say so; with `failOnTruncation` it stays
  ///   - timeout: nil waits indefinitely; a timeout loses no frame
  /// - Returns: a copy of the frame
  /// - Throws: `.timedOut`, `.interrupted`; `.refused` with `adapterRemoved`, `messageTooLong`
  /// - Windows: ReadFile
  public func read(
    byteLimit: Int = MessageHeader.maximumPayloadByteCount - FrameRecord.headerByteCount,
    timeout: Duration? = nil
  ) throws(ClientError) -> CapturedFrame {
    try read(byteLimit: byteLimit, timeout: timeout) { CapturedFrame($0.header, $0.frame) }
  }

  /// Reads one frame as the other `read` does, and passes it to `body`.
  public func read<Value>(
    byteLimit: Int, timeout: Duration? = nil, _ body: (RecordReader.Record) -> Value
  ) throws(ClientError) -> Value {
    try connection.pendedRequest(
      .read, .read, timeout: timeout, setup: { $0.information = UInt32(clamping: byteLimit) }
    ) { header, payload throws(DecodeError) in
      var reader = RecordReader(payload, recordCount: header.count)
      guard let record = try reader.next(), record.frame.byteCount <= byteLimit else {
        throw .tooShort
      }
      return body(record)
    }
  }

  /// Reads as many frames as are queued, waiting for one if none is.
  ///
  /// - Parameters:
  ///   - frameLimit: the most frames wanted; 0 is as many as fit a message
  ///   - timeout: nil waits indefinitely; a timeout loses no frame
  ///   - body: receives each frame; it copies what it wants to keep
  /// - Returns: the number of frames
  /// - Throws: as `read`
  public func readBatch(
    frameLimit: UInt32 = 0, timeout: Duration? = nil,
    _ body: (RecordReader.Record) -> Void
  ) throws(ClientError) -> Int {
    let room = connection.maximumMessageByteCount - MessageHeader.byteCount
    return try connection.pendedRequest(
      .readBatch, .read, timeout: timeout,
      setup: { header in
        header.count = frameLimit
        header.information = UInt32(clamping: room)
      },
      { header, payload throws(DecodeError) in
        var reader = RecordReader(payload, recordCount: header.count)
        while let record = try reader.next() { body(record) }
        return Int(header.count)
      })
  }

  /// Writes one frame, and returns when it was sent.
  ///
  /// - Throws: `.refused` with `frameTooLong`, `frameTooShort`, `etherTypeMismatch`,
  ///   `sourceMismatch`, `linkDown`, `lowPower`
  /// - Windows: WriteFile
  public func write(
    _ frame: RawSpan, timeout: Duration? = Connection.defaultTimeout
  ) throws(ClientError) {
    let writer = emptyWriter
    guard writer.records.append(frame) else { throw tooLong }
    try connection.pendedRequest(
      .write, .write, writer.records.records, timeout: timeout, setup: { $0.count = 1 },
      { _, _ throws(DecodeError) in })
  }

  /// Writes frames in one message, and returns the status of each.
  ///
  /// - Throws: if the message as a whole failed, or cannot hold the frames; then nothing was sent
  public func writeBatch(
    _ frames: [[UInt8]], timeout: Duration? = Connection.defaultTimeout
  ) throws(ClientError) -> [CompletionStatus] {
    let writer = try message(of: frames)
    guard !frames.isEmpty else { return [] }
    return try connection.pendedRequest(
      .writeBatch, .write, writer.records.records, timeout: timeout,
      setup: { $0.count = UInt32(clamping: frames.count) },
      accepting: { $0.completion.isSuccess || $0.count > 0 },
      { header, payload throws(DecodeError) in
        let statuses = try FrameStatuses(payload, of: header)
        guard statuses.count == frames.count else { throw .invalidValue }
        return (0..<statuses.count).map { statuses[$0] }
      })
  }

  /// A message of these frames.
  func message(of frames: [[UInt8]]) throws(ClientError) -> WriterBox {
    let writer = emptyWriter
    for frame in frames {
      guard unsafe writer.records.append(frame.span.bytes) else { throw tooLong }
    }
    return writer
  }

  /// A frame that does not fit a message fits no interface.
  private var tooLong: ClientError {
    .refused(.frameTooLong, .write, bytesNeeded: UInt32(clamping: maximumFrameByteCount))
  }

  /// Returns when the daemon has handled everything sent before.
  ///
  /// - Complexity: one round trip
  public func synchronize() throws(ClientError) {
    // A number that is never used: the daemon looks for it, finds nothing, and answers so.
    _ = try connection.cancel(.max)
  }
}
