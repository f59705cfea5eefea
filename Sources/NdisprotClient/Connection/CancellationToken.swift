internal import Glibc
internal import Platform
internal import Synchronization

/// Ends the waits of a connection from another thread, or from a signal handler's.
///
/// - Thread: any
/// - Source: eventfd(2)
public final class CancellationToken: Sendable {
  private let event: EventDescriptor
  private let flag = Atomic<Bool>(false)

  /// Creates one that is not raised.
  public init() throws(ClientError) {
    do throws(SystemError) {
      event = try EventDescriptor()
    } catch {
      throw .system(error)
    }
  }

  /// The descriptor that a wait polls besides its own.
  var descriptor: Int32 { event.descriptor }

  /// Whether waits end at once.
  public var isRaised: Bool { flag.load(ordering: .acquiring) }

  /// Ends the current wait and every further one with `ClientError.interrupted`.
  public func raise() {
    flag.store(true, ordering: .releasing)
    event.signal()
  }

  /// Waits until it is raised.
  func wait() {
    while !isRaised {
      var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&polled, 1, -1)
    }
  }

  /// Waits until bytes can be read from a descriptor, or it has ended.
  ///
  /// - Returns: false when it is raised
  public func wait(toRead awaited: Int32) -> Bool {
    while !isRaised {
      var polled: InlineArray<2, pollfd> = [
        pollfd(fd: awaited, events: Int16(POLLIN), revents: 0),
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      ]
      if pollBoth(&polled, milliseconds: -1) > 0, polled[0].revents != 0 { return true }
    }
    return false
  }

  /// Sleeps.
  ///
  /// - Throws: `.interrupted` when it is raised
  static func wait(
    _ interruption: CancellationToken?, by deadline: Deadline
  ) throws(ClientError) {
    while true {
      if interruption?.isRaised == true { throw .interrupted }
      if deadline.isPast { return }
      // poll(2) ignores a descriptor of -1.
      var polled = pollfd(
        fd: interruption?.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&polled, 1, deadline.pollMilliseconds)
    }
  }

  /// Makes waits possible again.
  public func clear() {
    event.clear()
    flag.store(false, ordering: .releasing)
  }
}

/// Polls two descriptors, the second usually that of an `CancellationToken`.
///
/// - Source: poll(2)
@inline(__always)
func pollBoth(_ polled: inout InlineArray<2, pollfd>, milliseconds: Int32) -> Int32 {
  var span = polled.mutableSpan
  return unsafe span.withUnsafeMutableBufferPointer { unsafe poll($0.baseAddress, 2, milliseconds) }
}
