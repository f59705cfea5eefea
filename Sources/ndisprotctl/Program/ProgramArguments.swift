internal import CLinux
internal import Platform

/// The arguments after the program's name, as passed to the process.
///
/// `CommandLine.arguments` reads /proc and is empty where that is not mounted.
func programArguments() -> [String] {
  (1..<max(1, clinux_argument_count())).map { index in
    unsafe String(systemString: clinux_argument(index))
  }
}

/// The name under which the program was called; a link to it has a name of its own.
func programName() -> String {
  clinux_argument_count() > 0 ? unsafe String(systemString: clinux_argument(0)) : ""
}
