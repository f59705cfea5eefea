internal import CLinux

/// The arguments behind the program's name, as the process got them.
///
/// `CommandLine.arguments` reads /proc and is empty where that is not mounted.
func programArguments() -> [String] {
  (1..<max(1, clinux_argument_count())).map { index in
    unsafe String(cString: clinux_argument(index))
  }
}
