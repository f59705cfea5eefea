internal import NDIS
internal import NdisprotControl

/// Frames both ways over one open for tasks: what `withFrames` lends, by two names.
///
/// Everything happens where the caller is isolated; the socket is never waited for there.
final class AsyncFrames {
  /// As many messages of frames are asked for at once.
  private static let pendedReadCount = 2
  /// With so many frames in memory no more are asked for: the rest waits in the daemon.
  private static let frameLimit = 4096

  private let binding: OpenBinding
  private let watch: DescriptorWatch
  private var reads: Set<UInt64> = []
  private var frames: ArraySlice<CapturedFrame> = []
  /// Why no more frames come, behind those that are here.
  private var failure: ClientError?
  /// Writes on their way; those that are answered have what became of their frames.
  private var writes: [UInt64: Result<[CompletionStatus], ClientError>?] = [:]

  init(_ binding: OpenBinding) throws(ClientError) {
    self.binding = binding
    watch = try DescriptorWatch(binding.connection.descriptor)
  }

  /// Gives up what is pended; replies that come later are passed over.
  func end() {
    watch.end()
    for id in reads.union(writes.keys) {
      _ = try? binding.connection.requestCancellation(of: id, by: .now)
      binding.connection.giveUp(id)
    }
    reads = []
    writes = [:]
  }

  // MARK: Frames that arrive

  /// The next frame; nil when the task was cancelled.
  func next(isolation: isolated (any Actor)?) async throws(ClientError) -> CapturedFrame? {
    while !Task.isCancelled {
      if let frame = frames.popFirst() { return frame }
      if let failure { throw failure }
      do throws(ClientError) {
        try pendMissingReads()
        try takeReplies()
      } catch {
        // Frames that came before go first; the end of a session is there at the next call, too.
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
        // Frames may be here still; what is received behind them says that it is gone.
        return
      }
    }
  }

  /// Takes every reply that is there.
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

  // MARK: Frames to write

  /// Writes frames in one message, and returns what became of each.
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
        // The reply may have been the last that came.
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
  /// The reply of a submitted request is not waited for any more.
  func giveUp(_ id: UInt64) {
    if submitted.remove(id) != nil { abandon(id) }
  }
}
