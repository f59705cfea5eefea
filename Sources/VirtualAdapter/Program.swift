internal import Glibc
internal import NdisprotClient

/// The program inside and all its descendants, as seen by their parent.
///
/// A program that moves to the background has not ended: the run lasts until its last process has
/// ended.
///
/// - Thread: the pump's
struct Program {
  /// The process that became the program.
  let processID: pid_t
  /// How it ended; nil while it runs.
  private(set) var end: ProgramEnd?
  /// Whether all of its processes have ended.
  private(set) var isOver = false

  init(processID: pid_t) { self.processID = processID }

  /// Collects the changes of the children.
  mutating func reap() {
    while let change = SignalDescriptor.nextChild(areNone: &isOver) {
      switch change {
      case .ended(processID, let end): self.end = end
      case .ended: break
      case .stopped(processID, let signal):
        stopWithIt(signal)
      case .stopped: break
      }
    }
  }

  /// A program that is stopped by job control stops the whole job: the shell waits for this
  /// process.
  private func stopWithIt(_ signal: Int32) {
    guard [SIGTSTP, SIGTTIN, SIGTTOU].contains(signal), SignalDescriptor.isInForeground else {
      return
    }
    kill(getpid(), SIGSTOP)
  }

  /// Forwards a signal that was meant for the program.
  ///
  /// Signals of the terminal reach the program anyway; background processes have usually left the
  /// terminal too.
  func pass(_ signal: SignalDescriptor.Signal) {
    if end == nil {
      if signal.isSent { kill(processID, signal.number) }
    } else {
      for child in SignalDescriptor.children { kill(child, signal.number) }
    }
  }
}
