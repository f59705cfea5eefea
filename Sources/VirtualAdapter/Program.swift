internal import Glibc
internal import NdisprotClient

/// The program inside and everything it left running, as their parent sees them.
///
/// A program that goes into the background is not over: the run lasts until its last process has ended.
///
/// - Thread: the pump's
struct Program {
  /// The process that became the program.
  let processID: pid_t
  /// How it ended; nil while it runs.
  private(set) var end: ProgramEnd?
  /// Whether nothing of it is left.
  private(set) var isOver = false

  init(processID: pid_t) { self.processID = processID }

  /// Looks at what became of the children.
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

  /// A program that stops itself for job control stops the whole job: the shell waits for this process.
  private func stopWithIt(_ signal: Int32) {
    guard [SIGTSTP, SIGTTIN, SIGTTOU].contains(signal), SignalDescriptor.isInForeground else {
      return
    }
    kill(getpid(), SIGSTOP)
  }

  /// Hands a signal on that was meant for the program.
  ///
  /// What the terminal sends reaches the program without help; what it left in the background has
  /// usually left the terminal too.
  func pass(_ signal: SignalDescriptor.Signal) {
    if end == nil {
      if signal.isSent { kill(processID, signal.number) }
    } else {
      for child in SignalDescriptor.children { kill(child, signal.number) }
    }
  }
}
