public import NDIS
public import NdisprotControl

/// Events about bindings, for `for await`; a thread of the sequence reads them.
///
/// ```swift
/// for try await event in try EventSequence(Connection()) { print(event.kind.name) }
/// ```
///
/// The sequence takes ownership of the connection, which must not be used elsewhere from then on.
/// It ends when the task is cancelled, or with an error when the daemon goes away; the connection
/// then closes.
public struct EventSequence: AsyncSequence, Sendable {
  /// An event.
  public typealias Element = EventMessage
  /// Why the events ended.
  public typealias Failure = ClientError

  private let owner: FeedOwner<EventMessage>

  /// Subscribes; no later event is missed.
  ///
  /// - Parameters:
  ///   - connection: the session
  ///   - kinds: the kinds of events
  ///   - interfaceIndex: the interface; 0 is every binding
  /// - Throws: `.refused` with `notPermitted`; the errors of every request
  public init(
    _ connection: sending Connection, kinds: EventKindSet = .all, interfaceIndex: UInt32 = 0
  ) throws(ClientError) {
    let feed = try BackpressuredBuffer<EventMessage>()
    let reader = try EventReader(connection, kinds: kinds, interfaceIndex: interfaceIndex)
    connection.interruption = feed.interruption
    // Sent here as a whole, and used by the thread only.
    nonisolated(unsafe) let taken = reader
    try ClientThread.start("events") {
      feed.run { batch throws(ClientError) in
        if let event = try unsafe taken.next(by: .never) { batch.append(event) }
      }
    }
    owner = FeedOwner(feed)
  }

  /// Iterates over the events from now on; several iterators share them.
  public func makeAsyncIterator() -> Iterator { Iterator(cursor: FeedCursor(owner)) }

  /// Returns the events one by one.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate var cursor: FeedCursor<EventMessage>

    /// Waits for the next event; nil if the task was cancelled.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(ClientError) -> EventMessage? {
      try await cursor.next(isolation: actor)
    }
  }
}
