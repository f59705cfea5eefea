internal import Platform

/// Requests in order, linked through themselves: any of them can be removed in constant time.
///
/// Guarded by the lock of the queue that keeps it.
struct RequestList {
  private(set) var first: RequestCore?
  private var last: RequestCore?
  private(set) var count = 0

  var isEmpty: Bool { first == nil }

  mutating func append(_ request: RequestCore) {
    request.previous = last
    request.next = nil
    if let last { last.next = request } else { first = request }
    last = request
    count += 1
  }

  mutating func prepend(_ request: RequestCore) {
    request.previous = nil
    request.next = first
    if let first { first.previous = request } else { last = request }
    first = request
    count += 1
  }

  mutating func remove(_ request: RequestCore) {
    let (previous, next) = (request.previous, request.next)
    if let previous { previous.next = next } else { first = next }
    if let next { next.previous = previous } else { last = previous }
    request.previous = nil
    request.next = nil
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
