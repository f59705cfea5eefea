internal import NDIS

// What can be said of two matches without an interface at hand: for warnings only.

extension InterfaceMatch {
  /// Whether every interface that the other matches is matched by this, as far as names tell.
  func covers(_ other: InterfaceMatch) -> Bool {
    if let address, address != other.address { return false }
    if let driver, driver != other.driver { return false }
    switch (name, other.name) {
    case (nil, _): return address != nil || driver != nil
    case (_, nil): return false
    case (.exactly(let own), .exactly(let name)): return own == name
    case (.exactly, .like): return false
    case (.like(let own), .exactly(let name)): return Glob(own).covers(Glob(exactly: name))
    case (.like(let own), .like(let pattern)): return Glob(own).covers(Glob(pattern))
    }
  }

  /// Whether some interface can match both, as far as names tell.
  func canMeet(_ other: InterfaceMatch) -> Bool {
    if let address, let wanted = other.address, address != wanted { return false }
    if let driver, let wanted = other.driver, driver != wanted { return false }
    guard let name, let wanted = other.name else { return true }
    return Glob(name).meets(Glob(wanted))
  }
}

/// A pattern of names, to be compared with another.
private struct Glob {
  private typealias Symbol = NamePattern.Part
  private let symbols: [Symbol]

  init(_ pattern: NamePattern) { symbols = pattern.parts }

  init(exactly name: InterfaceName) { symbols = name.bytes.map { .byte($0) } }

  init(_ name: InterfaceMatch.Name) {
    switch name {
    case .exactly(let name): self.init(exactly: name)
    case .like(let pattern): self.init(pattern)
    }
  }

  /// Whether every name that the other matches is matched by this: its stars match any characters.
  func covers(_ other: Glob) -> Bool {
    walk(other, takesStars: false) { own, theirs in own == .one || own == theirs }
  }

  /// Whether some name matches both.
  func meets(_ other: Glob) -> Bool {
    walk(other, takesStars: true) { own, theirs in
      own == .one || theirs == .one || own == theirs
    }
  }

  /// Compares both patterns, one row of the other's positions at a time.
  ///
  /// - Parameters:
  ///   - other: the other pattern
  ///   - takesStars: whether a star of the other may also match a symbol here
  ///   - agree: whether two symbols, neither of them a star, agree
  /// - Returns: whether the whole of both agrees
  /// - Complexity: O(own × other)
  private func walk(
    _ other: Glob, takesStars: Bool, _ agree: (Symbol, Symbol) -> Bool
  ) -> Bool {
    let theirs = other.symbols
    // Whether what follows the own symbol, and the other's from each position on, agree.
    var below = (0...theirs.count).map { place in
      place == theirs.count || (takesStars && theirs[place...].allSatisfy { $0 == .any })
    }
    for own in symbols.reversed() {
      var row = [Bool](repeating: false, count: theirs.count + 1)
      for place in (0...theirs.count).reversed() {
        let symbol = place < theirs.count ? theirs[place] : nil
        if own == .any {
          row[place] = below[place] || (symbol != nil && row[place + 1])
        } else if let symbol, symbol != .any {
          row[place] = agree(own, symbol) && below[place + 1]
        }
        if takesStars, symbol == .any, row[place + 1] || below[place] { row[place] = true }
      }
      below = row
    }
    return below[0]
  }
}
