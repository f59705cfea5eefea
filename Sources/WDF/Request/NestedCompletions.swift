/// The end of a request, for its client.
struct RequestEnd: Sendable {
  let request: RequestCore
  let status: RequestStatus
  let information: Int
  let bytesNeeded: Int
  /// Whether the driver has answered the client already.
  let isAnswered: Bool
}

/// The ends of requests that are reported on one thread.
///
/// A client may complete the next request when an end is reported: that end is reported inside the
/// first report, up to a certain depth, because the stack is limited. Deeper ones follow, in order,
/// when the outermost report has returned.
struct NestedCompletions {
  private static let maximumDepth = 32

  private var depth = 0
  private var waiting: [RequestEnd] = []

  /// Reports an end, now or after the enclosing reports have returned.
  static func report(_ end: RequestEnd) {
    let marks = end.request.callbackMarks
    let isNow = ThreadState.with { state in
      guard state.completions.enter(end) else { return false }
      state.callbacks.push(marks.0, marks.1)
      return true
    }
    guard isNow else { return }
    tell(end)
    while let next = ThreadState.with({ $0.completions.leave() }) {
      let marks = next.request.callbackMarks
      ThreadState.with { $0.callbacks.push(marks.0, marks.1) }
      tell(next)
    }
  }

  /// Calls the client of a request, whose marks are on the thread, and takes them off.
  private static func tell(_ end: RequestEnd) {
    end.request.callSink(end)
    ThreadState.with { $0.callbacks.pop(2) }
    end.request.letGo()
  }

  private mutating func enter(_ end: RequestEnd) -> Bool {
    guard depth < Self.maximumDepth else {
      waiting.append(end)
      return false
    }
    depth += 1
    return true
  }

  /// The outermost report continues with the deferred ones.
  private mutating func leave() -> RequestEnd? {
    if depth == 1, !waiting.isEmpty { return waiting.removeFirst() }
    depth -= 1
    return nil
  }
}
