public import NDIS
internal import NdisprotControl

/// The frames of an open, for `for await`: see `OpenBinding.withFrames`.
public struct InboundFrames: AsyncSequence {
  /// A frame.
  public typealias Element = CapturedFrame
  /// Why no more frames come.
  public typealias Failure = ClientError

  let frames: AsyncFrames

  /// Takes the frames that come; a second iterator goes on where the first one stopped.
  public func makeAsyncIterator() -> Iterator { Iterator(frames: frames) }

  /// Takes frames one by one.
  public struct Iterator: AsyncIteratorProtocol {
    let frames: AsyncFrames

    /// The next frame, waiting for it; nil when the task was cancelled, which loses no frame.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(ClientError) -> CapturedFrame? {
      try await frames.next(isolation: actor)
    }
  }
}

/// Writes frames for a task: see `OpenBinding.withFrames`.
public struct OutboundFrames {
  let frames: AsyncFrames

  /// Writes one frame, and returns when it was sent.
  ///
  /// - Parameters:
  ///   - frame: from its destination address on
  ///   - isolation: where it runs: the caller's
  /// - Throws: as `OpenBinding.write`; `.interrupted` when the task is cancelled: the frame may have been
  ///   sent
  public func write(
    _ frame: [UInt8], isolation: isolated (any Actor)? = #isolation
  ) async throws(ClientError) {
    for status in try await frames.write([frame], isolation: isolation) where !status.isSuccess {
      throw .refused(status, .write)
    }
  }

  /// Writes frames in one message.
  ///
  /// - Parameters:
  ///   - list: the frames
  ///   - isolation: where it runs: the caller's
  /// - Returns: a status for each frame
  /// - Throws: as `write`, when the message as a whole failed
  public func write(
    contentsOf list: [[UInt8]], isolation: isolated (any Actor)? = #isolation
  ) async throws(ClientError) -> [CompletionStatus] {
    try await frames.write(list, isolation: isolation)
  }
}

extension OpenBinding {
  /// Lends the open's frames to a task, in both directions, without blocking its thread.
  ///
  /// ```swift
  /// try await port.withFrames { inbound, outbound in
  ///   for try await frame in inbound { try await outbound.write(answer(to: frame)) }
  /// }
  /// ```
  ///
  /// It runs where its caller is isolated: an actor may keep the open among its state, and use that state
  /// in `body`. Ports of their own can be read in one task group. Requests of the connection that wait,
  /// such as `set` and `query`, can be used in between.
  ///
  /// When `body` returns, the open stays; frames that had arrived and were not taken are dropped.
  ///
  /// - Parameters:
  ///   - isolation: where it runs: the caller's
  ///   - body: is lent the frames; it must not keep them
  /// - Returns: what `body` does
  /// - Throws: what `body` does; `.system` if there is no descriptor or thread to have
  /// - Complexity: a copy of each frame, and one thread that waits for all of them
  public func withFrames<Value>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (InboundFrames, OutboundFrames) async throws -> Value
  ) async throws -> Value {
    let frames = try AsyncFrames(self)
    defer { frames.end() }
    return try await body(InboundFrames(frames: frames), OutboundFrames(frames: frames))
  }
}
