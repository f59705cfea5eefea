internal import Platform

/// Requests in order, linked through themselves: any of them can be removed in constant time.
///
/// Guarded by the lock of the queue that keeps it.
struct RequestList {
  private(set) var first: RequestCore?
  private var last: RequestCore?
  private(set) var count = 0

  var isEmpty: Bool { first == nil }

  // What is taken out of one field is moved to the next: a copy would be counted, by an atomic.

  mutating func append(_ request: RequestCore) {
    if let last = last.take() {
      last.next = request
      request.previous = last
    } else {
      first = request
    }
    last = request
    count += 1
  }

  mutating func prepend(_ request: RequestCore) {
    if let first = first.take() {
      first.previous = request
      request.next = first
    } else {
      last = request
    }
    first = request
    count += 1
  }

  mutating func remove(_ request: RequestCore) {
    let next = request.next.take()
    let previous = request.previous.take()
    if let next { next.previous = previous } else { last = previous }
    if let previous { previous.next = next } else { first = next }
    count -= 1
  }

  mutating func popFirst() -> RequestCore? {
    guard let request = first else { return nil }
    remove(request)
    return request
  }

  /// The first request that satisfies a condition.
  func first(where condition: (RequestCore) -> Bool) -> RequestCore? {
    var next = first
    while let request = next {
      if condition(request) { return request }
      next = request.next
    }
    return nil
  }
}
