internal import CLinux

/// The version and the origin of a program, for `--version` of both programs.
public enum Build {
  /// The version of the package.
  public static let version = "0.1.0"

  /// The commit of the sources, as git names it; `unknown` for sources without git.
  public static var commit: String { unsafe String(cString: clinux_commit()) }

  /// The release of the compiler.
  public static var compiler: String {
    #if compiler(>=6.5)
      "6.5 or later"
    #elseif compiler(>=6.4)
      "6.4"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }

  /// The lines of `--version`.
  ///
  /// Both programs print the same lines, with only the number in the first, so that scripts can
  /// compare.
  ///
  /// - Parameter facts: further facts: `protocol 1`
  /// - Returns: the lines, joined
  public static func text(_ facts: [String]) -> String {
    ([version, "commit \(commit)", "Swift \(compiler)"] + facts)
      .joined(separator: "\n")
  }
}
