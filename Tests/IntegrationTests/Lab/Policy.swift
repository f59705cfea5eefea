/// Configuration files as the tests write them.
enum Policy {
  /// `[[binding]]` for `np0`, with these rules behind it.
  static func text(_ rules: String..., interface: String = "np0", binding: String = "") -> String {
    "[[binding]]\ninterface = \"\(interface)\"\n\(binding)\n" + rules.joined()
  }

  /// `[[rule]]`, for the user `allowed` unless it says otherwise.
  static func rule(
    _ name: String, _ types: String, _ rights: String, user: String = "user = \"65534\"",
    interface: String = "np*", more: String = ""
  ) -> String {
    """
    [[rule]]
    name = "\(name)"
    \(user)
    interface = "\(interface)"
    ethertypes = [\(types)]
    rights = [\(rights)]
    \(more)

    """
  }
}

extension Lab {
  /// Runs a test on a daemon that reads a configuration file.
  static func run(
    configuration: String, cables: Int = 1, launcher: [String] = [],
    _ body: (Lab) throws -> Void
  ) throws {
    try run(
      Options(cables: cables, configuration: configuration, launcher: launcher), body)
  }

  /// Has it read the file anew.
  @discardableResult
  func reload() throws -> ChildProcess.Outcome { try ctl("reload") }

  /// Has it read another file.
  @discardableResult
  func reload(_ text: String) throws -> ChildProcess.Outcome {
    try configure(text)
    return try reload()
  }
}
