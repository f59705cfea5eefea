/// Events waiting for one client: the newest 64; when it is full the oldest is lost.
///
/// ```
///  add ─► [7][8][9] ─► takeFirst      sequence − the one before − 1 = lost
/// ```
///
/// - Complexity: O(64) at most
/// - Source: D-35
public struct EventQueue<Event: Sendable>: Sendable {
  /// How many events are kept.
  public static var capacity: Int { 64 }

  /// An event with its position in the sequence.
  public struct Entry: Sendable {
    /// Counts the events of this queue from 1, lost ones too.
    public let sequence: UInt64
    /// Events that were lost in front of this one.
    public fileprivate(set) var lost: UInt64 = 0
    /// How many changes it stands for.
    public fileprivate(set) var changeCount: UInt32 = 1
    /// The event.
    public fileprivate(set) var event: Event
  }

  private var entries: [Entry] = []
  private var lastSequence: UInt64 = 0
  private var lost: UInt64 = 0

  /// Makes an empty queue.
  public init() {}

  /// Whether the queue is empty.
  public var isEmpty: Bool { entries.isEmpty }

  /// The oldest event.
  public var first: Event? { entries.first?.event }

  /// Adds an event, or merges it into the newest one that waits.
  ///
  /// - Parameters:
  ///   - event: what happened
  ///   - replaces: whether the event includes everything that an earlier one reported
  public mutating func add(
    _ event: Event, replaces: (_ earlier: Event) -> Bool = { _ in false }
  ) {
    if let last = entries.indices.last, replaces(entries[last].event) {
      entries[last].event = event
      entries[last].changeCount &+= 1
      return
    }
    if entries.count == Self.capacity {
      entries.removeFirst()
      lost &+= 1
    }
    lastSequence &+= 1
    entries.append(Entry(sequence: lastSequence, event: event))
  }

  /// Takes the oldest event, which carries the number of events lost in front of it.
  public mutating func takeFirst() -> Entry? {
    guard var entry = entries.first else { return nil }
    entries.removeFirst()
    entry.lost = lost
    lost = 0
    return entry
  }
}
