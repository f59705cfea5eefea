/// The numbers of a binding's opens: a number is that of one open at a time.
///
/// A place is used again by later opens, each with the next generation, so a number that a record in the
/// receive ring still carries is another's only after 65,536 opens of the same place.
///
/// - Shape: `[generation 16][place 16]`, places from 1: 0 is no open's number
struct OpenNumbers: Sendable {
  private struct Place: Sendable {
    var generation: UInt16
    var isTaken: Bool
  }

  private var places: [Place] = []
  private var free: [Int] = []

  /// A number for an open; nil if 65,535 are open.
  mutating func take() -> UInt32? {
    guard let index = free.popLast() else {
      guard places.count < Int(UInt16.max) else { return nil }
      places.append(Place(generation: 0, isTaken: true))
      return UInt32(places.count)
    }
    places[index].generation &+= 1
    places[index].isTaken = true
    return UInt32(places[index].generation) << 16 | UInt32(index + 1)
  }

  /// Gives a number back; one that no open has is ignored.
  mutating func release(_ number: UInt32) {
    let (index, generation) = (Int(number & 0xFFFF) - 1, UInt16(number >> 16))
    guard places.indices.contains(index), places[index].isTaken,
      places[index].generation == generation
    else { return }
    places[index].isTaken = false
    free.append(index)
  }
}
