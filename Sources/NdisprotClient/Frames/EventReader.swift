internal import NDIS
public import NdisprotControl

/// Events about bindings, as they happen.
///
/// ```swift
/// let events = try EventReader(connection)
/// while let event = try events.next(by: .never) { print(event.kind.name) }
/// ```
///
/// Subscribe first and read `Connection.bindings()` afterwards, so that no change is missed in
/// between. The connection can be used for everything else meanwhile; events that arrive with
/// replies are kept.
///
/// - Thread: the connection's
/// - Source: D-6, D-35
public struct EventReader {
  private let connection: Connection

  /// Subscribes; a second reader of the connection replaces the first.
  ///
  /// - Parameters:
  ///   - connection: the session
  ///   - kinds: the kinds of events
  ///   - interfaceIndex: the interface; 0 is every binding
  /// - Throws: `.refused` with `notPermitted`; the errors of every request
  public init(
    _ connection: Connection, kinds: EventKindSet = .all, interfaceIndex: UInt32 = 0
  ) throws(ClientError) {
    self.connection = connection
    try connection.subscribe(SubscribeRequest(kinds: kinds, interfaceIndex: interfaceIndex))
  }

  /// Waits for the next event; nil if it timed out.
  ///
  /// - Throws: `.interrupted`, `.daemonGone` when the daemon has stopped
  public func next(by deadline: Deadline) throws(ClientError) -> EventMessage? {
    try connection.nextEvent(by: deadline)
  }

  /// Unsubscribes; events received already can still be taken.
  public func stop() throws(ClientError) {
    try connection.subscribe(SubscribeRequest(kinds: []))
  }
}

extension Connection {
  fileprivate func subscribe(_ wanted: SubscribeRequest) throws(ClientError) {
    isSubscribed = true
    try request(.subscribe, .subscribe, unsafe wanted.encoded.span.bytes) {
      _, _ throws(DecodeError) in
    }
  }

  /// The most events kept here; the daemon keeps its own queue besides.
  static let maximumKeptEvents = 1_024

  /// Keeps the last received event; when full, the oldest is lost.
  func keepEvent(_ header: MessageHeader) throws(ClientError) {
    let socket = self.socket
    do throws(DecodeError) {
      events.append(try EventMessage(decoding: socket.payload, bindingCount: header.count))
    } catch {
      throw violation(.malformedReply(opcode: header.opcode))
    }
    if events.count > Self.maximumKeptEvents {
      let oldest = events.removeFirst()
      events[0].lost &+= oldest.lost &+ 1
    }
  }

  fileprivate func nextEvent(by deadline: Deadline) throws(ClientError) -> EventMessage? {
    while true {
      if !events.isEmpty { return events.removeFirst() }
      // Replies that arrive meanwhile are kept for their requests; events are kept on the way.
      let header: MessageHeader?
      do throws(ClientError) {
        header = try tryReceive()
      } catch {
        // What the daemon sent before it hung up comes first; the next call meets the error again.
        guard !events.isEmpty else { throw error }
        continue
      }
      if let header {
        park(header)
      } else if events.isEmpty,
        try socket.wait(for: .receive, by: deadline, interruption).isEmpty
      {
        return nil
      }
    }
  }
}
