/// What the command line asks for.
struct Options: Equatable {
  var peer = ""
  var daemon = ""
  var client = ""
  /// The client of `Tests/Bench/libraries`, for what `ndisprotctl` does not do.
  var benchClient = ""
  /// The folder of the Python module, and the program that measures it.
  var pythonModule = ""
  var pythonProgram = ""
  /// The program that measures the C library.
  var libraryProgram = ""
  var counterLibrary = ""
  /// Rows to measure, by the part of their names before the slash; empty: all.
  var rows: [String] = []
  var rounds = 5
  var isQuick = false
  var jsonPath: String?
  var comparePath: String?
  /// What is measured, for the reader of the results.
  var label = "an unnamed state"

  static let usage = """
    usage: scripts/bench [--quick] [--rounds 1…20] [--row NAME]… [--json FILE] [--compare FILE]
      --quick         one round with few frames: shows that the bench works, judges nothing
      --rounds N      rounds of peer and product directly after each other; 5 unless said
      --row NAME      only this row (P1, P3, control …), repeatable
      --json FILE     keeps all rounds
      --compare FILE  says which rows changed since that run, by a two-sided rank test over rounds
      --no-build      measures the programs that are there
    exit: 0 all measured and met, 1 a row missed its bar, 2 a row could not be measured, 64 usage
    """

  /// Why the command line cannot be understood.
  enum UsageError: Error, Equatable {
    case unknown(String), needsValue(String), wrongValue(String, String), help
  }

  init(_ arguments: some Sequence<String>) throws(UsageError) {
    var words = Array(arguments)[...]
    func value(of option: String) throws(UsageError) -> String {
      guard let value = words.popFirst() else { throw .needsValue(option) }
      return value
    }
    while let option = words.popFirst() {
      switch option {
      case "--peer": peer = try value(of: option)
      case "--daemon": daemon = try value(of: option)
      case "--client": client = try value(of: option)
      case "--bench-client": benchClient = try value(of: option)
      case "--python-module": pythonModule = try value(of: option)
      case "--python-program": pythonProgram = try value(of: option)
      case "--library-program": libraryProgram = try value(of: option)
      case "--counter": counterLibrary = try value(of: option)
      case "--label": label = try value(of: option)
      case "--row": rows.append(try value(of: option))
      case "--json": jsonPath = try value(of: option)
      case "--compare": comparePath = try value(of: option)
      case "--quick": isQuick = true
      case "--rounds":
        let word = try value(of: option)
        guard let number = Int(word), (1...20).contains(number) else {
          throw .wrongValue(option, word)
        }
        rounds = number
      case "--help": throw .help
      default: throw .unknown(option)
      }
    }
    if isQuick { rounds = 1 }
  }
}

extension Options.UsageError: CustomStringConvertible {
  var description: String {
    switch self {
    case .unknown(let option): "bench: unknown option \(option)"
    case .needsValue(let option): "bench: \(option) needs a value"
    case .wrongValue(let option, let value): "bench: \(option) cannot be \(value)"
    case .help: ""
    }
  }
}
