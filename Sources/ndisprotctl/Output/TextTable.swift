internal import Platform

/// Rows of text whose columns line up, and fit a screen.
enum TextTable {
  /// The least columns for the last cell of a row, before rows become records.
  private static let narrowest = 12

  /// Rows as lines, each column but the last as wide as its widest cell.
  static func lines(_ rows: [[String]]) -> [String] {
    lines(rows, on: Screen(columns: nil), hasHeading: false)
  }

  /// Rows as lines that fit a screen.
  ///
  /// Where they do not fit, first the columns move together, then the last one is wrapped; if that
  /// has no room either, each row becomes a record of lines with a heading and a value each.
  ///
  /// - Parameters:
  ///   - rows: the cells
  ///   - screen: the width they have to fit, and whether it shows colours
  ///   - hasHeading: whether the first row names the columns
  /// - Returns: the lines, without line ends
  static func lines(_ rows: [[String]], on screen: Screen, hasHeading: Bool) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    for gap in [2, 1] {
      let layout = Layout(widths: widths, gap: gap, room: screen.columns)
      if layout.hasRoom, layout.canWrap(rows) { return lines(rows, layout, screen, hasHeading) }
    }
    guard hasHeading else {
      return lines(rows, Layout(widths: widths, gap: 2, room: screen.columns), screen, hasHeading)
    }
    guard rows.count > 1 else {
      let heading = (rows.first ?? []).joined(separator: " ").wrapped(to: screen.columns ?? .max)
      return heading.split(separator: "\n").map { screen.painted(String($0), .bold) }
    }
    return records(rows, screen)
  }

  /// The positions of the columns.
  private struct Layout {
    let widths: [Int]
    let gap: Int
    /// Columns before the last cell.
    let front: Int
    /// Columns of the last cell.
    let last: Int

    init(widths: [Int], gap: Int, room: Int?) {
      self.widths = widths
      self.gap = gap
      let front = widths.dropLast().reduce(0) { $0 + $1 + gap }
      self.front = front
      last = room.map { $0 - front } ?? .max
    }

    /// Whether every word of the last column fits into it.
    func canWrap(_ rows: [[String]]) -> Bool {
      rows.allSatisfy { row in
        (row.last ?? "").split(separator: " ").allSatisfy { $0.count <= last }
      }
    }

    /// Whether the last cell fits, or can be wrapped.
    var hasRoom: Bool { last >= min(TextTable.narrowest, widths.last ?? 0) }
  }

  private static func lines(
    _ rows: [[String]], _ layout: Layout, _ screen: Screen, _ hasHeading: Bool
  ) -> [String] {
    rows.enumerated().flatMap { index, row -> [String] in
      let isHeading = hasHeading && index == 0
      var line = ""
      for (column, cell) in row.dropLast().enumerated() {
        line += painted(cell, isHeading, screen)
        line += String(repeating: " ", count: layout.widths[column] - cell.count + layout.gap)
      }
      let last = (row.last ?? "").wrapped(to: max(layout.last, narrowest)).split(
        separator: "\n", omittingEmptySubsequences: false)
      let margin = String(repeating: " ", count: layout.front)
      return last.enumerated().map { place, part in
        (place == 0 ? line : margin) + painted(String(part), isHeading, screen)
      }
    }
  }

  /// Each row as lines of its own, with a heading and a value each.
  private static func records(_ rows: [[String]], _ screen: Screen) -> [String] {
    let heading = rows.first ?? []
    let width = heading.map(\.count).max() ?? 0
    let room = max((screen.columns ?? .max) - width - 2, narrowest)
    var lines: [String] = []
    for row in rows.dropFirst() {
      if !lines.isEmpty { lines.append("") }
      for (name, cell) in zip(heading, row) {
        let margin = String(repeating: " ", count: width - name.count + 2)
        let parts = cell.wrapped(to: room).split(
          separator: "\n", omittingEmptySubsequences: false)
        for (place, part) in parts.enumerated() {
          lines.append(
            (place == 0
              ? painted(name, true, screen) + margin : String(repeating: " ", count: width + 2))
              + painted(String(part), false, screen))
        }
      }
    }
    return lines
  }

  private static func painted(_ cell: String, _ isHeading: Bool, _ screen: Screen) -> String {
    screen.painted(cell, isHeading ? .bold : style(of: cell))
  }

  /// The style of states: what works, what is stopped, and what has failed.
  private static func style(of cell: String) -> TextStyle? {
    switch cell {
    case "running", "up", "on": .green
    case "paused", "pausing", "restarting", "opening", "low", "unknown": .yellow
    case "down", "unbound", "closing", "nothing": .red
    default: nil
    }
  }
}
