/// The objects whose context the running bodies of a thread borrow, oldest first.
///
/// The first few need no array, whose checks would cost as much as the pin.
struct BodyStack {
  private static var inlineCount: Int { 8 }

  private var first = InlineArray<8, ObjectID>(repeating: ObjectID(slot: 0, generation: 0))
  private var rest: [ObjectID] = []
  private var count = 0

  /// A body of the object's context begins.
  mutating func push(_ id: ObjectID) {
    if count < Self.inlineCount {
      first[count] = id
    } else {
      rest.append(id)
    }
    count += 1
  }

  /// The newest body ends.
  mutating func pop() {
    guard count > 0 else { return }
    count -= 1
    if count >= Self.inlineCount { rest.removeLast() }
  }

  /// Whether a body of the object's context is running.
  func contains(_ id: ObjectID) -> Bool {
    for index in 0..<min(count, Self.inlineCount) where first[index] == id { return true }
    return rest.contains(id)
  }
}
