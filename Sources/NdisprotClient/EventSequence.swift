public import NDIS
public import NdisprotControl

/// What becomes of bindings, for `for await`; events are read by a thread of their own.
///
/// ```swift
/// for try await event in try EventSequence(Connection()) { print(event.kind.name) }
/// ```
///
/// The sequence takes the connection over: nobody else uses it from then on. It ends when the task is
/// cancelled, or with an error when the daemon goes; the connection then closes.
public struct EventSequence: AsyncSequence, Sendable {
  /// An event.
  public typealias Element = EventMessage
  /// Why the events ended.
  public typealias Failure = ClientError

  private let owner: FeedOwner<EventMessage>

  /// Subscribes; events that happen from then on are not missed.
  ///
  /// - Parameters:
  ///   - connection: the session
  ///   - kinds: what to hear of
  ///   - interfaceIndex: whose; 0 is every binding
  /// - Throws: `.refused` with `notPermitted`, and what every request may
  public init(
    _ connection: sending Connection, kinds: EventKindSet = .all, interfaceIndex: UInt32 = 0
  ) throws(ClientError) {
    let feed = try Feed<EventMessage>()
    let reader = try EventReader(connection, kinds: kinds, interfaceIndex: interfaceIndex)
    connection.interruption = feed.interruption
    // Sent here as a whole, and used by the thread alone.
    nonisolated(unsafe) let taken = reader
    try ClientThread.start("events") {
      feed.run { batch throws(ClientError) in
        if let event = try unsafe taken.next(by: .never) { batch.append(event) }
      }
    }
    owner = FeedOwner(feed)
  }

  /// Takes the events that come from now on; several iterators share them.
  public func makeAsyncIterator() -> Iterator { Iterator(cursor: FeedCursor(owner)) }

  /// Takes events one by one.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var cursor: FeedCursor<EventMessage>

    /// The next event, waiting for it; nil when the task was cancelled.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(ClientError) -> EventMessage? {
      try await cursor.next(isolation: actor)
    }
  }
}
