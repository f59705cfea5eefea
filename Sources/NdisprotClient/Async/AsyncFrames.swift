internal import NDIS
internal import NdisprotControl

/// The frames of one open in both directions for tasks: the implementation behind `withFrames`.
///
/// Everything runs in the caller's isolation, where the socket never blocks.
final class AsyncFrames {
  /// The number of read requests pended at once.
  private static let pendedReadCount = 2
  /// With this many frames in memory no more are requested: the rest waits in the daemon.
  private static let frameLimit = 4096

  private let binding: OpenBinding
  private let watch: DescriptorWatch
  private var reads: Set<UInt64> = []
  private var frames: ArraySlice<CapturedFrame> = []
  /// Why no more frames arrive after those received already.
  private var failure: ClientError?
  /// Writes in progress; an answered one holds the result for its frames.
  private var writes: [UInt64: Result<[CompletionStatus], ClientError>?] = [:]

  init(_ binding: OpenBinding) throws(ClientError) {
    self.binding = binding
    watch = try DescriptorWatch(binding.connection.descriptor)
  }

  /// Abandons the pended requests; replies that arrive later are ignored.
  func end() {
    watch.end()
    for id in reads.union(writes.keys) {
      _ = try? binding.connection.requestCancellation(of: id, by: .now)
      binding.connection.giveUp(id)
    }
    reads = []
    writes = [:]
  }

  // MARK: Received frames

  /// The next frame; nil if the task was cancelled.
  func next(isolation: isolated (any Actor)?) async throws(ClientError) -> CapturedFrame? {
    while !Task.isCancelled {
      if let frame = frames.popFirst() { return frame }
      if let failure { throw failure }
      do throws(ClientError) {
        try pendMissingReads()
        try takeReplies()
      } catch {
        // Received frames go first; the next call meets the end of the session again.
        guard !frames.isEmpty else { throw error }
      }
      if frames.isEmpty, failure == nil {
        await watch.wait(forRoom: reads.isEmpty, isolation: isolation)
      }
    }
    return nil
  }

  private func pendMissingReads() throws(ClientError) {
    while failure == nil, reads.count < Self.pendedReadCount, frames.count < Self.frameLimit {
      let room = binding.connection.maximumMessageByteCount - MessageHeader.byteCount
      do throws(ClientError) {
        reads.insert(
          try binding.connection.submit(
            .init(.readBatch, room: UInt32(clamping: room)), by: .now))
      } catch .timedOut {
        // The socket is full: the wait is for room then.
        return
      } catch .daemonGone {
        // More frames may be in the socket; receiving meets the end of the session after them.
        return
      }
    }
  }

  /// Receives every available reply.
  private func takeReplies() throws(ClientError) {
    let connection = binding.connection
    while true {
      let taken: Bool? = try connection.reap(by: .now) { header, payload in
        if reads.remove(header.id) != nil {
          takeFrames(header, payload)
          return true
        }
        guard writes[header.id] != nil else { return false }
        writes[header.id] = .some(outcome(header, payload))
        return false
      }
      guard let taken else { return }
      if taken { try pendMissingReads() }
    }
  }

  private func takeFrames(_ header: MessageHeader, _ payload: RawSpan) {
    guard header.completion.isSuccess else {
      if failure == nil {
        failure =
          header.completion == .restarted
          ? .daemonGone : ClientError(refusal: header, payload, .read)
      }
      return
    }
    do throws(DecodeError) {
      var reader = RecordReader(payload, recordCount: header.count)
      while let record = try reader.next() {
        frames.append(CapturedFrame(record.header, record.frame))
      }
    } catch {
      failure = binding.connection.hangUp(malformed: .readBatch)
    }
  }

  // MARK: Written frames

  /// Writes frames in one message, and returns the status of each.
  func write(
    _ list: [[UInt8]], isolation: isolated (any Actor)?
  ) async throws(ClientError) -> [CompletionStatus] {
    guard !list.isEmpty else { return [] }
    let id = try await submit(list, isolation: isolation)
    while !Task.isCancelled {
      if case .some(.some(let result)) = writes[id] {
        writes[id] = nil
        return try statuses(result, of: list)
      }
      do throws(ClientError) {
        try takeReplies()
      } catch {
        // The last reply received may have been this one.
        if case .some(.some) = writes[id] { continue }
        writes[id] = nil
        throw error
      }
      if case .some(.none) = writes[id] { await watch.wait(isolation: isolation) }
    }
    writes[id] = nil
    _ = try? binding.connection.requestCancellation(of: id, by: .now)
    binding.connection.giveUp(id)
    throw .interrupted
  }

  private func submit(
    _ list: [[UInt8]], isolation: isolated (any Actor)?
  ) async throws(ClientError) -> UInt64 {
    while !Task.isCancelled {
      let box = try binding.message(of: list)
      do throws(ClientError) {
        let id = try binding.connection.submit(
          .init(.writeBatch, count: UInt32(clamping: list.count)), box.records.records, by: .now)
        writes[id] = .some(nil)
        return id
      } catch .timedOut {
        await watch.wait(forRoom: true, isolation: isolation)
      }
    }
    throw .interrupted
  }

  private func outcome(
    _ header: MessageHeader, _ payload: RawSpan
  ) -> Result<[CompletionStatus], ClientError> {
    if header.completion == .restarted { return .failure(.daemonGone) }
    guard header.completion.isSuccess || header.count > 0 else {
      return .failure(ClientError(refusal: header, payload, .write))
    }
    guard let list = try? FrameStatuses(payload, of: header) else {
      return .failure(binding.connection.hangUp(malformed: .writeBatch))
    }
    return .success((0..<list.count).map { list[$0] })
  }

  private func statuses(
    _ result: Result<[CompletionStatus], ClientError>, of list: [[UInt8]]
  ) throws(ClientError) -> [CompletionStatus] {
    let statuses = try result.get()
    guard statuses.count == list.count else {
      throw binding.connection.hangUp(malformed: .writeBatch)
    }
    return statuses
  }
}

extension Connection {
  /// Abandons the reply of a submitted request.
  func giveUp(_ id: UInt64) {
    if submitted.remove(id) != nil { abandon(id) }
  }
}
