internal import CLinux
internal import Glibc
internal import NdisprotClient
internal import Platform

/// Signals as events of a loop, and the state changes of children.
///
/// - Ownership: closes the descriptor at the end; the signals stay blocked
/// - Source: signalfd(2), waitid(2)
final class SignalDescriptor {
  /// The signals that are forwarded to the program when another process sends them.
  ///
  /// Signals of job control act on both processes by themselves, and those for errors belong to the
  /// process that made the error.
  private static let numbers = [
    SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGWINCH, SIGPOLL, SIGPWR,
    SIGURG,
  ]

  let descriptor: Int32
  /// The thread's previous mask, with which the program starts.
  let formerMask: sigset_t

  /// Blocks the signals in this thread.
  init() throws(AdapterError) {
    var mask = sigset_t()
    descriptor = unsafe clinux_open_signals(Self.numbers, UInt32(Self.numbers.count), &mask)
    formerMask = mask
    guard descriptor >= 0 else { throw .step(.loop, SystemError(failed: "signalfd")) }
  }

  deinit { close(descriptor) }

  /// A received signal.
  struct Signal {
    let number: Int32
    /// Whether a process sent it; a terminal sends to the whole process group.
    let isSent: Bool
  }

  /// The next signal; nil if there is none.
  func next() -> Signal? {
    var isSent = false
    let number = unsafe clinux_next_signal(descriptor, &isSent)
    return number > 0 ? Signal(number: number, isSent: isSent) : nil
  }

  /// A state change of a child.
  enum ChildChange {
    case ended(pid_t, ProgramEnd)
    case stopped(pid_t, signal: Int32)
  }

  /// The next change of any child; nil if there is none.
  ///
  /// - Parameter areNone: set if there are no children at all
  /// - Returns: the change
  static func nextChild(areNone: inout Bool) -> ChildChange? {
    var (child, value): (pid_t, Int32) = (0, 0)
    switch unsafe clinux_next_child(&child, &value) {
    case CLINUX_CHILD_EXITED: return .ended(child, .exited(value))
    case CLINUX_CHILD_KILLED: return .ended(child, .killed(value))
    case CLINUX_CHILD_STOPPED: return .stopped(child, signal: value)
    case CLINUX_NO_CHILDREN:
      areNone = true
      return nil
    default: return nil
    }
  }

  /// The children of the calling thread; empty if the kernel does not list them.
  static var children: [pid_t] {
    TextFile.contents(of: "/proc/self/task/\(clinux_thread_id())/children")
      .split(separator: " ").compactMap { pid_t($0) }
  }

  /// Whether the terminal belongs to this process group: job control continues when the user
  /// resumes it.
  static var isInForeground: Bool {
    let terminal = unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard terminal >= 0 else { return false }
    defer { close(terminal) }
    return tcgetpgrp(terminal) == getpgrp()
  }
}
