/// How a request ended, for its client.
struct RequestEnd: Sendable {
  let request: RequestCore
  let status: RequestStatus
  let information: Int
  let bytesNeeded: Int
  /// Its driver has answered the client already.
  let isAnswered: Bool
}

/// Ends of requests that are reported on one thread.
///
/// A client that hears of one end may complete the next: that is reported inside, but only so deep, for
/// the stack is bounded. What is deeper follows, in order, when the outermost has returned.
struct NestedCompletions {
  private static let maximumDepth = 32

  private var depth = 0
  private var waiting: [RequestEnd] = []

  /// Reports an end, now or when those around it have been reported.
  static func report(_ end: RequestEnd) {
    guard ThreadState.with({ $0.completions.enter(end) }) else { return }
    end.request.report(end)
    while let next = ThreadState.with({ $0.completions.leave() }) { next.request.report(next) }
  }

  private mutating func enter(_ end: RequestEnd) -> Bool {
    guard depth < Self.maximumDepth else {
      waiting.append(end)
      return false
    }
    depth += 1
    return true
  }

  /// The outermost goes on with what waits.
  private mutating func leave() -> RequestEnd? {
    if depth == 1, !waiting.isEmpty { return waiting.removeFirst() }
    depth -= 1
    return nil
  }
}
