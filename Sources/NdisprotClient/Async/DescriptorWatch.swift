internal import Glibc
internal import Platform

/// Lets tasks wait for a descriptor without blocking their threads.
///
/// One thread polls while tasks wait. A wait may end early: the caller checks, and waits again.
///
/// - Thread: any
final class DescriptorWatch: Sendable {
  private struct Waiter {
    let events: Int16
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var waiters: [Waiter] = []
    var isEnded = false

    mutating func takeWaiters() -> [Waiter] {
      defer { waiters = [] }
      return waiters
    }
  }

  private let state = LockedValue(State())
  /// Wakes the thread when the wanted events change.
  private let change: CancellationToken

  /// Starts the thread; `end` ends it.
  ///
  /// - Parameter descriptor: stays open until `end`
  /// - Throws: `.system` if no descriptor or thread can be created
  init(_ descriptor: Int32) throws(ClientError) {
    change = try CancellationToken()
    try ClientThread.start("watch-\(descriptor)") { [self] in run(descriptor) }
  }

  private func run(_ descriptor: Int32) {
    while let events = state.withLock({ state in
      state.isEnded ? nil : state.waiters.reduce(0) { $0 | $1.events }
    }) {
      var polled: InlineArray<2, pollfd> = [
        pollfd(fd: change.descriptor, events: Int16(POLLIN), revents: 0),
        // poll(2) ignores a descriptor of -1.
        pollfd(fd: events == 0 ? -1 : descriptor, events: events, revents: 0),
      ]
      guard pollBoth(&polled, milliseconds: -1) > 0 else { continue }
      if polled[0].revents != 0 { change.clear() }
      if polled[1].revents != 0 { resumeAll() }
    }
  }

  private func resumeAll() {
    for waiter in state.withLock({ $0.takeWaiters() }) { waiter.continuation.resume() }
  }

  /// Waits until the descriptor is readable or, with `forRoom`, writable, or the task is cancelled.
  func wait(forRoom: Bool = false, isolation: isolated (any Actor)? = #isolation) async {
    let events = Int16(POLLIN) | (forRoom ? Int16(POLLOUT) : 0)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // An earlier cancellation finds nothing to resume, and is noticed here.
        let isWaiting = state.withLock { state in
          guard !state.isEnded, !Task.isCancelled else { return false }
          state.waiters.append(Waiter(events: events, continuation: continuation))
          return true
        }
        if isWaiting { change.raise() } else { continuation.resume() }
      }
    } onCancel: {
      resumeAll()
    }
  }

  /// Ends every wait, and the thread.
  func end() {
    let waiters = state.withLock { state in
      state.isEnded = true
      return state.takeWaiters()
    }
    for waiter in waiters { waiter.continuation.resume() }
    change.raise()
  }
}
