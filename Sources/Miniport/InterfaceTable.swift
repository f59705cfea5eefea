internal import NDIS

/// What the kernel has said of all links, and whether that is still all there is to say.
///
/// A value: messages in, changes out. A dump marks what it sees; what was not seen when it is
/// through has vanished. When messages were lost, or the dump was interrupted by a change, another
/// dump is wanted.
struct InterfaceTable {
  /// What there is to tell, or to do.
  enum Action: Equatable {
    case appeared(AdapterAttributes)
    case changed(AdapterAttributes)
    case vanished(interfaceIndex: Int32)
    /// The first dump is through.
    case complete
    /// A later dump is through: what seems unchanged may be another interface, like the lost one.
    case resynchronized
    /// The socket is to be asked for another dump.
    case requestDump
  }

  private(set) var adapters: [Int32: AdapterAttributes] = [:]
  /// Dumps beyond the first.
  private(set) var resyncCount = 0

  /// A dump that was requested and is not through.
  private struct Dump {
    let sequence: UInt32
    /// The links it listed, and those that were spoken of meanwhile.
    var seen: Set<Int32> = []
    /// Whether it has to be done over.
    var isSpoiled = false
  }
  private var dump: Dump?
  private var isComplete = false
  /// First dumps that were spoiled; where interfaces come and go all the time, no dump is whole.
  private var spoiledCount = 0
  private static let patience = 8

  /// Whether a dump is under way.
  var isDumping: Bool { dump != nil }

  /// A dump with this sequence number was requested; an older one does not count any more.
  mutating func dumpRequested(sequence: UInt32) { dump = Dump(sequence: sequence) }

  /// Whether a message belongs to the dump that is under way.
  func belongsToDump(_ message: NetlinkMessage) -> Bool { dump?.sequence == message.sequence }

  /// Messages were lost: nothing that is known can be relied on.
  mutating func messagesLost() -> [Action] {
    if dump == nil {
      resyncCount += 1
      return [.requestDump]
    }
    spoilDump()
    return []
  }

  /// Takes one message.
  ///
  /// A refused dump stays under way: its owner asks again when it takes too long.
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
