internal import CLinux
internal import Glibc

/// Signals that a thread waits for instead of handling them.
///
/// - Source: signal(7), sigwaitinfo(2)
public struct AwaitedSignals: Sendable {
  private let numbers: [Int32]

  /// Signals by their numbers.
  public init(_ numbers: [Int32]) { self.numbers = numbers }

  private var set: sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in numbers { unsafe sigaddset(&set, number) }
    return set
  }

  /// Blocks them in the calling thread and all threads that it will create.
  public func block() {
    var set = set
    _ = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Waits for one of them, indefinitely if no time is given.
  ///
  /// - Returns: its number; -1 if it timed out or was interrupted
  public func wait(nanoseconds: UInt64? = nil) -> Int32 {
    var set = set
    guard let nanoseconds else { return unsafe sigwaitinfo(&set, nil) }
    var time = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    return unsafe sigtimedwait(&set, nil, &time)
  }
}
