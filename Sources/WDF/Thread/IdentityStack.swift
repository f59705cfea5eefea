/// A stack of object identities that belongs to a thread, oldest first.
///
/// The first few need no array, whose checks would cost as much as a pin.
struct IdentityStack {
  private static var inlineCount: Int { 8 }

  private var first = InlineArray<8, ObjectIdentifier>(repeating: ObjectIdentifier(Framework.self))
  private var rest: [ObjectIdentifier] = []
  private var count = 0

  var isEmpty: Bool { count == 0 }

  @inline(__always)
  mutating func push(_ id: ObjectIdentifier) {
    if count < Self.inlineCount { first[count] = id } else { pushBehind(id) }
    count += 1
  }

  // Apart, so that what is done nearly always is short enough to be done in place.
  @inline(never)
  private mutating func pushBehind(_ id: ObjectIdentifier) { rest.append(id) }

  @inline(never)
  private mutating func keepBehind(_ kept: Int) {
    rest.removeLast(count - max(kept, Self.inlineCount))
  }

  /// Pushes two, the second on top.
  @inline(__always)
  mutating func push(_ lower: ObjectIdentifier, _ upper: ObjectIdentifier) {
    push(lower)
    push(upper)
  }

  @inline(__always)
  mutating func pop(_ number: Int = 1) {
    let kept = max(count - number, 0)
    if count > Self.inlineCount { keepBehind(kept) }
    count = kept
  }

  func contains(_ id: ObjectIdentifier) -> Bool {
    for index in 0..<min(count, Self.inlineCount) where first[index] == id { return true }
    return rest.contains(id)
  }
}
