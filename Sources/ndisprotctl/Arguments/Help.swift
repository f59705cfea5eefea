/// The long part of a subcommand's `--help`, and the man page's.
enum Help {
  /// What it does, then examples as they can be typed; a test runs each as it stands.
  static func text(_ discussion: String, _ examples: [String]) -> String {
    discussion + "\n\n" + text(examples)
  }

  /// Examples alone.
  static func text(_ examples: [String]) -> String {
    "Examples:\n" + examples.map { "  \($0)" }.joined(separator: "\n")
  }
}
