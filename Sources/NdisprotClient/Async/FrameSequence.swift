/// The frames of a binding, for `for await`; a thread of the sequence reads them.
///
/// ```swift
/// for try await frame in try FrameSequence(binding) { print(frame.bytes.count) }
/// ```
///
/// The sequence takes ownership of the connection, which must not be used elsewhere from then on.
/// It ends when the task is cancelled, or with an error when the binding or the daemon goes away;
/// the connection then closes.
///
/// - Complexity: one copy per frame; at full rate use `FrameReader`
public struct FrameSequence: AsyncSequence, Sendable {
  /// A frame.
  public typealias Element = CapturedFrame
  /// Why the frames ended.
  public typealias Failure = ClientError

  private let owner: FeedOwner<CapturedFrame>

  /// Starts reading.
  public init(_ binding: sending OpenBinding) throws(ClientError) {
    let feed = try BackpressuredBuffer<CapturedFrame>()
    binding.connection.interruption = feed.interruption
    // Sent here as a whole, and used by the thread only.
    nonisolated(unsafe) let binding = binding
    let name = unsafe "frames-\(binding.name)"
    try ClientThread.start(name) {
      var reader = unsafe FrameReader(binding)
      feed.run { batch throws(ClientError) in
        try reader.next(by: .never) { batch.append(CapturedFrame($0.header, $0.frame)) }
      }
    }
    owner = FeedOwner(feed)
  }

  /// Iterates over the frames from now on; several iterators share them.
  public func makeAsyncIterator() -> Iterator { Iterator(cursor: FeedCursor(owner)) }

  /// Returns the frames one by one.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var cursor: FeedCursor<CapturedFrame>

    /// Waits for the next frame; nil if the task was cancelled.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(ClientError) -> CapturedFrame? {
      try await cursor.next(isolation: actor)
    }
  }
}
