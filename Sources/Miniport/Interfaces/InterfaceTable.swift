internal import NDIS

/// What the kernel has reported about all links, and whether that is complete.
///
/// A value: takes messages, returns changes. A dump marks the links in it; links that are not
/// marked at its end have vanished. If messages were lost, or the dump was interrupted by a change,
/// another dump is needed.
struct InterfaceTable {
  /// What to report, or to do.
  enum Action: Equatable {
    case appeared(AdapterAttributes)
    case changed(AdapterAttributes)
    case vanished(interfaceIndex: Int32)
    /// The first dump is complete.
    case complete
    /// A later dump is complete: a link that seems unchanged may be another interface.
    case resynchronized
    /// Another dump must be requested.
    case requestDump
  }

  private(set) var adapters: [Int32: AdapterAttributes] = [:]
  /// The number of dumps after the first.
  private(set) var resyncCount = 0

  /// A dump that was requested and is not complete.
  private struct Dump {
    let sequence: UInt32
    /// The links that it listed, and those in other messages meanwhile.
    var seen: Set<Int32> = []
    /// Whether it has to be repeated.
    var isSpoiled = false
  }
  private var dump: Dump?
  private var isComplete = false
  /// Spoiled first dumps; where interfaces come and go all the time, no dump is complete.
  private var spoiledCount = 0
  private static let patience = 8

  /// Whether a dump is in progress.
  var isDumping: Bool { dump != nil }

  /// A dump with this sequence number was requested; an older one no longer counts.
  mutating func dumpRequested(sequence: UInt32) { dump = Dump(sequence: sequence) }

  /// Whether a message belongs to the current dump.
  func belongsToDump(_ message: NetlinkMessage) -> Bool { dump?.sequence == message.sequence }

  /// Messages were lost: the known state is unreliable.
  mutating func messagesLost() -> [Action] {
    if dump == nil {
      resyncCount += 1
      return [.requestDump]
    }
    spoilDump()
    return []
  }

  /// Processes one message.
  ///
  /// A refused dump stays in progress: its owner repeats the request when it takes too long.
  mutating func received(_ message: NetlinkMessage) -> [Action] {
    if message.isInterrupted, belongsToDump(message) { spoilDump() }
    switch message.content {
    case .link(let attributes): return link(attributes)
    case .linkGone(let index): return gone(index)
    case .done: return belongsToDump(message) ? dumpEnded() : []
    case .statistics, .error, .other: return []
    }
  }

  private mutating func spoilDump() {
    guard dump?.isSpoiled == false else { return }
    dump?.isSpoiled = true
    resyncCount += 1
  }

  private mutating func link(_ attributes: AdapterAttributes) -> [Action] {
    dump?.seen.insert(attributes.interfaceIndex)
    let known = adapters.updateValue(attributes, forKey: attributes.interfaceIndex)
    if known == nil { return [.appeared(attributes)] }
    return known == attributes ? [] : [.changed(attributes)]
  }

  private mutating func gone(_ index: Int32) -> [Action] {
    adapters.removeValue(forKey: index) == nil ? [] : [.vanished(interfaceIndex: index)]
  }

  private mutating func dumpEnded() -> [Action] {
    guard let ended = dump else { return [] }
    dump = nil
    guard !ended.isSpoiled else {
      spoiledCount += 1
      return (spoiledCount < Self.patience ? [] : complete()) + [.requestDump]
    }
    let missing = adapters.keys.filter { !ended.seen.contains($0) }.sorted()
    return missing.flatMap { gone($0) } + (isComplete ? [.resynchronized] : complete())
  }

  private mutating func complete() -> [Action] {
    defer { isComplete = true }
    return isComplete ? [] : [.complete]
  }
}
