import Glibc

/// A thread for one test: starts at once and is joined before the test ends.
public final class TestThread: @unchecked Sendable {
  // @unchecked: written by init and `join` only, both on the test's own thread.
  private var thread: pthread_t?

  /// Starts a thread that runs `body`.
  public init(_ body: @escaping @Sendable () -> Void) {
    var made = pthread_t()
    let box = Unmanaged.passRetained(Body(body))
    let result = pthread_create(&made, nil, runBody, box.toOpaque())
    precondition(result == 0, "no thread for the test")
    thread = made
  }

  /// Lets it run on its own.
  public func detach() {
    guard let thread else { return }
    pthread_detach(thread)
    self.thread = nil
  }

  /// Waits until the body has returned.
  public func join() {
    guard let thread else { return }
    pthread_join(thread, nil)
    self.thread = nil
  }
}

private final class Body {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Global, so that it is on no actor.
private func runBody(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
  return nil
}
