/// A set of request numbers, which a connection gives out in ascending order.
///
/// A table with open addressing: a number's place is its lower bits, or the next one free. `Set` would
/// hash each number with a secret key, which takes longer than everything else that a reply needs
/// here, and protects against chosen numbers; these are given out by the connection itself.
///
/// - Thread: its connection's
/// - Complexity: O(1) expected to insert, remove and ask
struct RequestNumbers {
  /// 0 is a free place.
  private var places: [UInt64]
  private(set) var count = 0

  /// Makes an empty set with room for so many numbers, a power of two, before it grows.
  init(room: Int) { places = Array(repeating: 0, count: 2 * room) }

  /// Adds a number, which is not in and not 0.
  mutating func insert(_ number: UInt64) {
    if 2 * count == places.count { grow() }
    put(number)
    count += 1
  }

  /// Takes a number out.
  ///
  /// - Returns: whether it was in
  mutating func remove(_ number: UInt64) -> Bool {
    guard count > 0, number != 0 else { return false }
    var index = home(of: number)
    while places[index] != number {
      if places[index] == 0 { return false }
      index = place(behind: index)
    }
    places[index] = 0
    count -= 1
    fillGap(at: index)
    return true
  }

  private func home(of number: UInt64) -> Int {
    Int(truncatingIfNeeded: number) & (places.count - 1)
  }

  private func place(behind index: Int) -> Int { (index + 1) & (places.count - 1) }

  private mutating func put(_ number: UInt64) {
    var index = home(of: number)
    while places[index] != 0 { index = place(behind: index) }
    places[index] = number
  }

  /// Moves up what a gap would hide: a number is looked for from its home on, up to the first gap.
  private mutating func fillGap(at first: Int) {
    var gap = first
    var index = place(behind: gap)
    while places[index] != 0 {
      let distance = (index - home(of: places[index])) & (places.count - 1)
      if distance >= (index - gap) & (places.count - 1) {
        places[gap] = places[index]
        places[index] = 0
        gap = index
      }
      index = place(behind: index)
    }
  }

  private mutating func grow() {
    let former = places
    places = Array(repeating: 0, count: 2 * former.count)
    for number in former where number != 0 { put(number) }
  }
}
