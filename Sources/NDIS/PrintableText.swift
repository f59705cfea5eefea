extension String {
  /// The text, cut to `limit` characters, without any that a terminal or a log would act on.
  ///
  /// Every name from a client, a file or the kernel passes through here before people see it.
  ///
  /// - Source: threat T22
  package func printable(_ limit: Int = .max) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in unicodeScalars.prefix(limit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
        .unassigned:
        scalars.append("\u{FFFD}")
      default: scalars.append(scalar)
      }
    }
    return String(scalars)
  }
}
