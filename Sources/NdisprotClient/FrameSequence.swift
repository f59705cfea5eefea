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

  private let owner: Owner

  /// Stops the thread when nobody can take frames any more.
  final class Owner: Sendable {
    let feed: FrameFeed
    init(_ feed: FrameFeed) { self.feed = feed }
    deinit { feed.stop() }
  }

  /// Starts to read.
  public init(_ binding: sending OpenBinding) throws(ClientError) {
    let feed = try FrameFeed()
    binding.connection.interruption = feed.interruption
    // Sent here as a whole, and used by the thread alone.
    nonisolated(unsafe) let binding = binding
    let name = unsafe "frames-\(binding.name)"
    try ClientThread.start(name) { unsafe feed.run(binding) }
    owner = Owner(feed)
  }

  /// Takes the frames that come from now on; several iterators share them.
  public func makeAsyncIterator() -> Iterator { Iterator(owner) }

  /// Takes frames one by one.
  public struct Iterator: AsyncIteratorProtocol {
    private let owner: Owner
    private var batch: ArraySlice<CapturedFrame> = []

    init(_ owner: Owner) { self.owner = owner }

    /// The next frame, waiting for it; nil when the task was cancelled.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(ClientError) -> CapturedFrame? {
      while true {
        if let frame = batch.popFirst() { return frame }
        guard let more = try await owner.feed.nextBatch() else { return nil }
        batch = more[...]
      }
    }
  }
}
