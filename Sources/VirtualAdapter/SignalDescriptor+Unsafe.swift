internal import CLinux
internal import Glibc
internal import NdisprotClient
internal import Platform

/// Signals as events of a loop, and what became of the children.
///
/// - Ownership: closes the descriptor in the end; the signals stay blocked
/// - Source: signalfd(2), waitid(2)
final class SignalDescriptor {
  /// What is passed on to the program when another process sends it.
  ///
  /// Those of job control act on both
  /// processes by themselves, and those of errors belong to the process that made the error.
  private static let numbers = [
    SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGWINCH, SIGPOLL, SIGPWR,
    SIGURG,
  ]

  let descriptor: Int32
  /// The mask of the thread before; what the program starts with.
  let formerMask: sigset_t

  /// Blocks the signals in this thread.
  init() throws(AdapterError) {
    var mask = sigset_t()
    descriptor = unsafe clinux_open_signals(Self.numbers, UInt32(Self.numbers.count), &mask)
    formerMask = mask
    guard descriptor >= 0 else { throw .step(.loop, SystemError(failed: "signalfd")) }
  }

  deinit { close(descriptor) }

  /// A signal that came.
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

  /// What happened to a child.
  enum ChildChange {
    case ended(pid_t, ProgramEnd)
    case stopped(pid_t, signal: Int32)
  }

  /// The next change of a child; nil if there is none.
  ///
  /// - Parameter areNone: whether there are no children at all
  /// - Returns: the change, of any child
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

  /// The children of the calling thread; none if the kernel does not list them.
  static var children: [pid_t] {
    TextFile.contents(of: "/proc/self/task/\(clinux_thread_id())/children")
      .split(separator: " ").compactMap { pid_t($0) }
  }

  /// Whether the terminal is this process group's: job control goes on when the user says so.
  static var isInForeground: Bool {
    let terminal = unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard terminal >= 0 else { return false }
    defer { close(terminal) }
    return tcgetpgrp(terminal) == getpgrp()
  }
}
