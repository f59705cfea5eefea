internal import NdisprotClient

/// Frames that were written, and how long it took.
struct WriteRun {
  let report: WriteReport
  let elapsed: Duration
  /// Frames that came back; nil if none was expected.
  var readCount: UInt64?
  /// Whether frames that should have come back did not.
  var isLate = false
  /// What ended it early.
  var failure: ClientError?

  /// Writes one frame many times, as fast as possible; an interruption ends it early.
  static func write(
    _ frame: [UInt8], _ count: UInt64, _ batch: Int, on binding: OpenBinding
  ) throws(ClientError) -> WriteRun {
    var writer = FrameWriter(binding, frameLimit: batch)
    let start = ContinuousClock.now
    var failure: ClientError?
    do throws(ClientError) {
      for _ in 0..<count { try unsafe writer.write(frame.span.bytes) }
      try writer.finish()
    } catch {
      failure = try end(&writer, error, binding)
    }
    return WriteRun(
      report: writer.report, elapsed: ContinuousClock.now - start, failure: failure)
  }

  /// Ends a run that was interrupted, or whose daemon is gone; then this is its failure.
  private static func end(
    _ writer: inout FrameWriter, _ error: ClientError, _ binding: OpenBinding
  ) throws(ClientError) -> ClientError? {
    guard error == .interrupted else {
      guard error == .daemonGone else { throw error }
      _ = writer.abandon()
      return error
    }
    binding.connection.interruption?.clear()
    try writer.finish()
    return nil
  }

  /// Frames written before they are read back: far fewer than the smallest receive ring holds.
  private static let echoLimit: UInt64 = 64

  /// Writes frames and reads them back, in turns (rule T-14).
  static func echo(
    _ frame: [UInt8], _ count: UInt64, _ batch: Int, on binding: OpenBinding, timeout: Duration
  ) throws(ClientError) -> WriteRun {
    var writer = FrameWriter(binding, frameLimit: batch)
    var reader = FrameReader(binding, pendedReadCount: 1)
    let start = ContinuousClock.now
    var run = WriteRun(report: writer.report, elapsed: .zero, readCount: 0)
    do throws(ClientError) {
      try reader.start()
      while writer.report.submitted < count, !run.isLate {
        let turn = min(echoLimit, count - writer.report.submitted)
        for _ in 0..<turn { try unsafe writer.write(frame.span.bytes) }
        let sent = try writer.finish().sent
        run.isLate = try !run.readBack(sent, frame, &reader, timeout)
      }
    } catch {
      run.failure = try end(&writer, error, binding)
    }
    return WriteRun(
      report: writer.report, elapsed: ContinuousClock.now - start, readCount: run.readCount,
      isLate: run.isLate, failure: run.failure)
  }

  /// Reads until as many frames came back as were sent; false if it timed out.
  ///
  /// Frames of other senders with the same EtherType are not counted.
  private mutating func readBack(
    _ wanted: UInt64, _ frame: [UInt8], _ reader: inout FrameReader, _ timeout: Duration
  ) throws(ClientError) -> Bool {
    let deadline = Deadline(after: timeout)
    var count = readCount ?? 0
    while count < wanted {
      let taken = try reader.next(by: deadline) { record in
        if record.header.flags.contains(.looped), record.frame.byteCount == frame.count {
          count += 1
        }
      }
      if taken == 0 || deadline.isPast { break }
    }
    readCount = count
    return count >= wanted
  }

  /// The last line.
  func printSummary(_ output: Output) {
    let failures = report.failuresByName
    if output.isJSON {
      var failed = JSONLine()
      for (name, count) in failures { failed.add(name, count) }
      var line = JSONLine()
      line.add("event", "summary")
      line.add("submitted", report.submitted)
      line.add("sent", report.sent)
      line.add("failed", failed)
      line.add("bytes", report.sentByteCount)
      line.add("elapsedSeconds", elapsed)
      if let readCount { line.add("read", readCount) }
      output.standard.writeLine(line.closed)
    } else {
      var parts = ["\(report.submitted) submitted", "\(report.sent) sent"]
      if let readCount { parts.append("\(readCount) read") }
      parts += failures.map { "\($0.1) failed (\($0.0))" }
      parts.append("\(report.sentByteCount) bytes in \(elapsed.secondsText) s")
      output.standard.writeLine(parts.joined(separator: ", "))
    }
    output.standard.flush()
  }
}

extension WriteReport {
  /// Frames that were not sent, by the name of the reason, in alphabetical order.
  var failuresByName: [(String, UInt64)] {
    Dictionary(failures.map { ($0.key.name(in: .write), $0.value) }, uniquingKeysWith: +)
      .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
