internal import FuzzSupport
internal import NDIS

@testable internal import Miniport

// What a netlink socket may receive, whole, cut and made up. Nothing may trap; what is told of links
// is what the table then has.

/// Decodes a datagram, all that it begins with, and tells a table of links.
///
/// - Shape: `[sequence of the dump under way][datagram]`
func check(_ input: Input) {
  var input = input
  let sequence = UInt32(input.byte())
  let bytes = input.remainder()
  let messages = decode(bytes, bytes.count)
  for count in cuts(bytes.count) {
    let fewer = decode(bytes, count)
    require(messages.starts(with: fewer), "a cut datagram says something else")
  }
  var watcher = Watcher(sequence)
  for message in messages { watcher.take(message) }
  watcher.lose()
  // The same once more, and a third time without an end of the dump.
  for message in messages { watcher.take(message) }
}

/// Where a datagram is cut: everywhere in a short one.
private func cuts(_ count: Int) -> [Int] {
  Array(stride(from: 0, to: count, by: max(1, count / 64)))
}

private func decode(_ bytes: [UInt8], _ count: Int) -> [NetlinkMessage] {
  var found: [NetlinkMessage] = []
  // A copy of the right length, so that the address sanitizer sees what lies behind it.
  let part = Array(bytes.prefix(count))
  let isWhole = NetlinkDecoder.forEachMessage(in: part.span.bytes) { found.append($0) }
  require(found.count <= count / 16, "more messages than headers")
  require(!isWhole || count == 0 || !found.isEmpty, "nothing is called whole")
  return found
}

/// Each name is one that can be asked for, and means the same bytes.
private func requireNames(_ link: AdapterAttributes) {
  for name in link.names {
    require((1...127).contains(name.bytes.count), "a link with an impossible name")
    require(InterfaceName(name.text) == name, "a name that names another")
    require(InterfaceName(name.description) == name, "a name that is shown as another's")
  }
}

/// Somebody who hears of links, and keeps them himself.
private struct Watcher {
  private var table = InterfaceTable()
  private var known: [Int32: AdapterAttributes] = [:]
  private var isComplete = false

  init(_ sequence: UInt32) { table.dumpRequested(sequence: sequence) }

  mutating func take(_ message: NetlinkMessage) { hear(table.received(message)) }

  mutating func lose() { hear(table.messagesLost()) }

  private mutating func hear(_ actions: [InterfaceTable.Action]) {
    for action in actions {
      switch action {
      case .appeared(let link):
        require(known.updateValue(link, forKey: link.interfaceIndex) == nil, "it was there already")
        requireNames(link)
      case .changed(let link):
        let old = known.updateValue(link, forKey: link.interfaceIndex)
        require(old != nil && old != link, "nothing has changed")
        requireNames(link)
      case .vanished(let index):
        require(known.removeValue(forKey: index) != nil, "it was not there")
      case .complete:
        require(!isComplete, "complete twice")
        isComplete = true
      case .resynchronized: require(isComplete, "news were lost before there were any")
      case .requestDump: table.dumpRequested(sequence: 1)
      }
    }
    require(known == table.adapters, "who listened knows something else than the table")
  }
}
