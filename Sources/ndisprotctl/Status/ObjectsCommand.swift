internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl objects`.
struct ObjectsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "objects", abstract: "Prints the tree of the objects that live in the daemon.",
    discussion: Help.text(
      """
      For administrators: root, and the user that runs the daemon. With --json there is one object a \
      line, with the place where it was made and, under 'ndisprotd --verifier', its last states.
      """,
      ["ndisprotctl objects"]))

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    let program = Program(global, "list objects", .administer)
    let connection = try program.connect()
    let entries = try program.attempt { () throws(ClientError) in try connection.objects() }
    if global.json {
      entries.map(Self.json).forEach(program.output.standard.writeLine)
    } else {
      program.output.printTable(Self.table(entries))
    }
    program.output.standard.flush()
  }

  /// The rows of the tree: children after their parents, each level indented further.
  static func table(_ entries: [ObjectEntry]) -> [[String]] {
    let known = Set(entries.map(\.id))
    // An object that has lost its parent is not indented, like the root.
    let children = Dictionary(grouping: entries) { entry in
      entry.parent.flatMap { known.contains($0) && $0 != entry.id ? $0 : nil }
    }
    var rows = [["OBJECT", "ID", "STATE", "PINS", "AGE", "CONTEXTS", "HELD BY"]]
    var rest = (children[nil] ?? []).reversed().map { (entry: $0, depth: 0) }
    while let (entry, depth) = rest.popLast() {
      rows.append(row(entry, depth))
      rest += (children[entry.id] ?? []).reversed().map { ($0, depth + 1) }
    }
    return rows
  }

  private static func row(_ entry: ObjectEntry, _ depth: Int) -> [String] {
    let holders = entry.holders.map { "\($0.tag.printable()) (\($0.age.secondsText) s)" }
    return [
      String(repeating: "  ", count: depth) + "\(entry.kind) \(entry.name)".printable(),
      entry.id.objectText, entry.state.printable(), "\(entry.pinCount)",
      "\(entry.age.secondsText) s",
      entry.contexts.isEmpty ? "-" : entry.contexts.joined(separator: ", ").printable(),
      holders.isEmpty ? "-" : holders.joined(separator: ", "),
    ]
  }

  static func json(_ entry: ObjectEntry) -> String {
    var line = JSONLine()
    line.add("id", entry.id.objectText)
    if let parent = entry.parent {
      line.add("parent", parent.objectText)
    } else {
      line.add("parent", raw: "null")
    }
    line.add("kind", entry.kind)
    line.add("name", entry.name)
    line.add("state", entry.state)
    line.add("pins", entry.pinCount)
    line.add("ageSeconds", raw: entry.age.secondsText)
    line.add("site", entry.site)
    line.add("contexts", entry.contexts)
    line.add(
      "holders",
      entry.holders.map { holder in
        var item = JSONLine()
        item.add("tag", holder.tag)
        item.add("ageSeconds", raw: holder.age.secondsText)
        return item
      })
    line.add(
      "states",
      entry.history.map { past in
        var item = JSONLine()
        item.add("state", past.state)
        item.add("thread", past.threadID)
        item.add("ageSeconds", raw: past.age.secondsText)
        return item
      })
    return line.closed
  }
}

extension UInt64 {
  /// An object's identifier as in the daemon's log: slot and generation.
  var objectText: String { "\(self & 0xFFFF_FFFF).\(self >> 32)" }

  /// This many nanoseconds, in seconds.
  var secondsText: String { Duration.nanoseconds(Int64(clamping: self)).secondsText }
}
