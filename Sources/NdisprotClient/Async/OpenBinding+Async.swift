public import NDIS
internal import NdisprotControl

/// The frames of an open, for `for await`: see `OpenBinding.withFrames`.
public struct InboundFrames: AsyncSequence {
  /// A frame.
  public typealias Element = CapturedFrame
  /// Why no more frames arrive.
  public typealias Failure = ClientError

  let frames: AsyncFrames

  /// Iterates over the frames; a second iterator continues where the first one stopped.
  public func makeAsyncIterator() -> Iterator { Iterator(frames: frames) }

  /// Returns the frames one by one.
  public struct Iterator: AsyncIteratorProtocol {
    let frames: AsyncFrames

    /// Waits for the next frame; nil if the task was cancelled, which loses no frame.
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
  ///   - frame: the frame from its destination address on
  ///   - isolation: where it runs: the caller's
  /// - Throws: as `OpenBinding.write`; `.interrupted` if the task is cancelled: the frame may have
  ///   been sent
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
  /// Gives a task the open's frames, in both directions, without blocking its thread.
  ///
  /// ```swift
  /// try await port.withFrames { inbound, outbound in
  ///   for try await frame in inbound { try await outbound.write(answer(to: frame)) }
  /// }
  /// ```
  ///
  /// It runs in the caller's isolation: an actor may keep the open in its state, and use that state
  /// in `body`. Several ports can be read in one task group. Blocking requests of the connection,
  /// such as `set` and `query`, can be used in between.
  ///
  /// When `body` returns, the open stays; frames that were received and not taken are dropped.
  ///
  /// - Parameters:
  ///   - isolation: where it runs: the caller's
  ///   - body: receives the frames; it must not keep them
  /// - Returns: what `body` does
  /// - Throws: what `body` does; `.system` if no descriptor or thread can be created
  /// - Complexity: one copy per frame, and one thread for all waits
  public func withFrames<Value>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: (InboundFrames, OutboundFrames) async throws -> Value
  ) async throws -> Value {
    let frames = try AsyncFrames(self)
    defer { frames.end() }
    return try await body(InboundFrames(frames: frames), OutboundFrames(frames: frames))
  }
}
