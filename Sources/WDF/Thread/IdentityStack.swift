/// A stack of object identities that belongs to a thread, oldest first.
///
/// The first few need no array, whose checks would cost as much as a pin.
struct IdentityStack {
  private static var inlineCount: Int { 8 }

  private var first = InlineArray<8, ObjectIdentifier>(repeating: ObjectIdentifier(Framework.self))
  private var rest: [ObjectIdentifier] = []
  private var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func push(_ id: ObjectIdentifier) {
    if count < Self.inlineCount {
      first[count] = id
    } else {
      rest.append(id)
    }
    count += 1
  }

  mutating func pop(_ number: Int = 1) {
    for _ in 0..<min(number, count) {
      count -= 1
      if count >= Self.inlineCount { rest.removeLast() }
    }
  }

  func contains(_ id: ObjectIdentifier) -> Bool {
    for index in 0..<min(count, Self.inlineCount) where first[index] == id { return true }
    return rest.contains(id)
  }
}
