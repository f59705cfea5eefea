internal import ArgumentParser
internal import NdisprotClient

/// The command line's name for a binding.
enum BindingArgument: ExpressibleByArgument, CustomStringConvertible {
  /// By the name of the interface.
  case name(String)
  /// By its interface index: `@17`.
  case index(UInt32)

  static var namedTwice: ValidationError {
    ValidationError("an interface is named twice. Write each BINDING once")
  }

  static var defaultCompletionKind: CompletionKind { Completion.interfaces }

  init?(argument: String) {
    guard argument.hasPrefix("@") else {
      guard !argument.isEmpty else { return nil }
      self = .name(argument)
      return
    }
    guard let index = UInt32(digits: argument.dropFirst()), index > 0 else { return nil }
    self = .index(index)
  }

  var description: String {
    switch self {
    case .name(let name): name
    case .index(let index): "@\(index)"
    }
  }
}
