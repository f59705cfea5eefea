internal import Glibc

/// The terminal's previous mode; set once, and read by the crash handler.
nonisolated(unsafe) private var savedMode = termios()
nonisolated(unsafe) private var isScreenTaken = false
/// Leaves the second screen, shows the cursor.
private let leaving: StaticString = "\u{1B}[?1049l\u{1B}[?25h"

/// The whole terminal, for a table that is redrawn repeatedly.
///
/// It is restored when this object is destroyed, when the program exits, and when it crashes; only
/// SIGKILL prevents that.
///
/// - Thread: the main one
/// - Source: termios(3), signal-safety(7), XTerm control sequences
@safe final class TopScreen {
  /// Takes the terminal; nil if standard input or output is not a terminal.
  init?() {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1,
      unsafe tcgetattr(STDIN_FILENO, &savedMode) == 0
    else { return nil }
    var mode = unsafe savedMode
    // Keys are read one by one and not echoed; ^Z would leave the terminal in this mode.
    mode.c_lflag &= ~tcflag_t(ICANON | ECHO)
    mode.c_cc.10 = 0
    unsafe isScreenTaken = true
    atexit { restoreTerminal() }
    for number in [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP, SIGSYS] {
      signal(number) { number in
        restoreTerminal()
        signal(number, SIG_DFL)
        raise(number)
      }
    }
    unsafe tcsetattr(STDIN_FILENO, TCSANOW, &mode)
    StandardOutput.write(Array("\u{1B}[?1049h\u{1B}[?25l".utf8), to: STDOUT_FILENO)
  }

  deinit { restoreTerminal() }

  /// Restores the terminal.
  func restore() { restoreTerminal() }

  /// Shows lines from the top left corner on.
  func show(_ lines: [String]) {
    let text = "\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
    StandardOutput.write(Array(text.utf8), to: STDOUT_FILENO)
  }

  /// Waits for a key.
  ///
  /// - Returns: nil if it timed out
  func key(milliseconds: Int32) -> Character? {
    var polled = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&polled, 1, milliseconds) > 0 else { return nil }
    var byte: UInt8 = 0
    // The end of the terminal is treated as a request to quit.
    guard unsafe read(STDIN_FILENO, &byte, 1) == 1 else { return "q" }
    return Character(Unicode.Scalar(byte))
  }
}

/// Restores the terminal, once; safe in a signal handler.
private func restoreTerminal() {
  guard unsafe isScreenTaken else { return }
  unsafe isScreenTaken = false
  _ = unsafe write(STDOUT_FILENO, leaving.utf8Start, leaving.utf8CodeUnitCount)
  unsafe tcsetattr(STDIN_FILENO, TCSANOW, &savedMode)
}
