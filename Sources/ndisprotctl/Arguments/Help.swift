/// The discussion in a subcommand's `--help`, and in the man page.
enum Help {
  /// The purpose, then examples that can be typed as they are; a test runs each of them.
  static func text(_ discussion: String, _ examples: [String]) -> String {
    discussion + "\n\n" + text(examples)
  }

  /// Examples alone.
  static func text(_ examples: [String]) -> String {
    "Examples:\n" + examples.map { "  \($0)" }.joined(separator: "\n")
  }
}
