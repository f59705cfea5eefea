internal import Glibc

/// Properties of the terminal that a program prints to.
///
/// - Source: environ(7), tty_ioctl(4), https://no-color.org
public enum Terminal {
  /// When text is coloured: `--color`.
  public enum ColorChoice: String, Sendable, CaseIterable {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    case auto
    /// Always.
    case always
    /// Never.
    case never
  }

  /// The columns that text has to fit: `COLUMNS`, or the terminal's own; nil for files and pipes.
  public static func columnCount(of descriptor: Int32) -> Int? {
    if let text = environmentVariable("COLUMNS"), let count = Int(text), count > 0 { return count }
    return ownColumnCount(of: descriptor)
  }

  /// The size of a terminal in characters; 80 by 24 if it does not report one.
  public static func size(_ descriptor: Int32) -> (columns: Int, rows: Int) {
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
    else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// The columns of a terminal itself; nil for files and pipes.
  public static func ownColumnCount(of descriptor: Int32) -> Int? {
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }

  /// Whether text to a descriptor is coloured.
  public static func hasColor(_ descriptor: Int32, _ choice: ColorChoice) -> Bool {
    switch choice {
    case .always: true
    case .never: false
    case .auto:
      isatty(descriptor) == 1 && environmentVariable("NO_COLOR") == nil
        && environmentVariable("TERM") != "dumb"
    }
  }
}

/// A variable of the environment; nil if it is not set, or empty.
public func environmentVariable(_ name: String) -> String? {
  guard let text = unsafe getenv(name) else { return nil }
  let value = unsafe String(cString: text)
  return value.isEmpty ? nil : value
}
