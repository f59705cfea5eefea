internal import ArgumentParser
internal import NDIS
internal import Platform

/// The words of a command line that name subcommands.
enum Subcommands {
  /// The leading words that name a subcommand, and its own subcommand if it has any; includes the
  /// first word even if it is no subcommand, and no word if it is an option.
  static func words(at arguments: ArraySlice<String>) -> [String] {
    guard let first = arguments.first, !first.hasPrefix("-") else { return [] }
    var words = [first]
    var command = child(first, of: NdisprotctlCommand.self)
    while let parent = command, !parent.configuration.subcommands.isEmpty,
      let next = arguments.dropFirst(words.count).first, !next.hasPrefix("-")
    {
      words.append(next)
      command = child(next, of: parent)
    }
    return words
  }

  /// An error message about the first word that is not a subcommand and should be; nil if all are.
  static func objection(to arguments: [String]) -> String? {
    var parent: any ParsableCommand.Type = NdisprotctlCommand.self
    var path = "ndisprotctl"
    for word in words(at: arguments[...]) where !parent.configuration.subcommands.isEmpty {
      guard word != "help" else { return nil }
      guard let next = child(word, of: parent) else {
        let names = parent.configuration.subcommands.compactMap { $0.configuration.commandName }
        let nearest = Suggestion.nearest(to: word, in: names)
        let question = nearest.map { "Did you mean '\(path) \($0)'? " } ?? ""
        return "there is no subcommand '\(word.printable())'. \(question)"
          + "See '\(path) --help' for all of them"
      }
      parent = next
      path += " \(word)"
    }
    return nil
  }

  private static func child(
    _ name: String, of parent: any ParsableCommand.Type
  ) -> (any ParsableCommand.Type)? {
    parent.configuration.subcommands.first { command in
      command.configuration.commandName == name || command.configuration.aliases.contains(name)
    }
  }
}
