/// The frames of a binding, for `for await`; they are read by a thread of their own.
///
/// ```swift
/// for try await frame in try FrameSequence(binding) { print(frame.bytes.count) }
/// ```
///
/// The sequence takes the connection over: nobody else uses it from then on. It ends when the task is
/// cancelled, or with an error when the binding or the daemon goes; the connection then closes.
///
/// - Complexity: a copy of each frame; at full rate use `FrameReader`
public struct FrameSequence: AsyncSequence, Sendable {
  /// A frame.
  public typealias Element = CapturedFrame
  /// Why the frames ended.
  public typealias Failure = ClientError

  private let owner: FeedOwner<CapturedFrame>

  /// Starts to read.
  public init(_ binding: sending OpenBinding) throws(ClientError) {
    let feed = try Feed<CapturedFrame>()
    binding.connection.interruption = feed.interruption
    // Sent here as a whole, and used by the thread alone.
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

  /// Takes the frames that come from now on; several iterators share them.
  public func makeAsyncIterator() -> Iterator { Iterator(cursor: FeedCursor(owner)) }

  /// Takes frames one by one.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var cursor: FeedCursor<CapturedFrame>

    /// The next frame, waiting for it; nil when the task was cancelled.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(ClientError) -> CapturedFrame? {
      try await cursor.next(isolation: actor)
    }
  }
}
