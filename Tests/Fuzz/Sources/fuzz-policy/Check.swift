internal import FuzzSupport
internal import NDIS
internal import Ndisprot
internal import NdisprotConfiguration

// Files as somebody may have written them. Nothing may trap; what is refused is told with its place;
// what is accepted gives nobody what no rule says.

/// Reads a configuration and asks its policy.
///
/// - Shape: TOML, the files of `conf.d` behind `#%` lines
func check(_ input: Input) {
  var input = input
  guard let text = String(validating: input.remainder(), as: UTF8.self), !text.contains("\0")
  else { return }
  let files = text.split(separator: "#%\n", omittingEmptySubsequences: false).enumerated().map {
    ConfigurationText(path: "\($0.offset).toml", text: String($0.element))
  }
  do throws(ConfigurationError) {
    let loaded = try DaemonConfiguration(files)
    // Names are nobody's here: no directory is asked.
    var numbers: [AccountName: AccountResult] = [:]
    for account in loaded.accounts {
      switch account {
      case .user(let name), .group(let name):
        numbers[account] = UInt32(name).map { .found($0) } ?? .absent
      }
    }
    let (server, warnings) = loaded.resolved(numbers)
    requireWritten(server.policy.rules, in: text)
    requireFirstRuleDecides(server.policy)
    requireStrangerHasNothing(server.policy)
    for warning in warnings { requireTold(warning, files) }
  } catch {
    require(!error.problems.isEmpty, "a refusal without a cause")
    for problem in error.problems {
      requireTold(problem.description, files)
      require(!problem.cause.isEmpty, "a problem without a cause")
    }
  }
}

/// A sentence for people names the file, and nothing in it is acted on by a terminal.
private func requireTold(_ sentence: String, _ files: [ConfigurationText]) {
  require(files.contains { sentence.hasPrefix($0.path + ":") }, "a sentence without its file")
  let isPlain = sentence.unicodeScalars.allSatisfy {
    $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
  }
  require(isPlain, "a sentence with control characters")
}

/// What a rule gives stands in the text: each rule has keys of its own, each right its word.
private func requireWritten(_ rules: [AccessRule], in text: String) {
  // An escape may spell a word otherwise.
  guard !text.contains("\\") else { return }
  let bytes = Array(text.utf8)
  for key in ["name", "rights", "ethertypes"] {
    require(bytes.count(of: key) >= rules.count, "more rules than keys '\(key)'")
  }
  for rule in rules {
    for word in rule.rights.words {
      require(bytes.count(of: word) > 0, "a right that nobody wrote: \(word)")
    }
    require(!rule.etherTypes.isEmpty, "a rule about no EtherType")
    require(!rule.etherTypes.values.contains(0x8808), "a rule gives pause frames")
    // Names of EtherTypes may be written in either case.
    require(
      !rule.etherTypes.isAny || Array(text.lowercased().utf8).count(of: "any") > 0,
      "every EtherType, unwritten")
    require(
      !rule.vlans.isAny || bytes.count(of: "\"any\"") + bytes.count(of: "'any'") > 0,
      "every VLAN, unwritten")
    require(bytes.count(of: rule.name) > 0, "a name that nobody wrote")
  }
}

extension [UInt8] {
  /// How often a word occurs.
  fileprivate func count(of word: String) -> Int {
    let word = Array(word.utf8)
    guard !word.isEmpty, count >= word.count else { return 0 }
    return (0...(count - word.count)).count {
      self[$0] == word[0] && self[$0...].starts(with: word)
    }
  }
}
