internal import CLinux

/// The arguments behind the program's name, as the process got them.
///
/// `CommandLine.arguments` reads /proc and is empty where that is not mounted.
func programArguments() -> [String] {
  (1..<max(1, clinux_argument_count())).map { index in
    unsafe String(cString: clinux_argument(index))
  }
}

/// What the program was called, as the process got it; a link to it has a name of its own.
func programName() -> String {
  clinux_argument_count() > 0 ? unsafe String(cString: clinux_argument(0)) : ""
}
