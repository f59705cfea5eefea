internal import Glibc
internal import NdisprotClient

/// A file of conf.d with one binding and one rule.
struct PolicyDraft {
  let subject: String
  let interface: String
  let protocols: [String]
  let rights: [String]
  let config: String

  private var isGroup: Bool { subject.hasPrefix(":") }
  private var account: String { String(isGroup ? subject.dropFirst() : subject[...]) }
  private var folder: String {
    (config.lastIndex(of: "/").map { String(config[...$0]) } ?? "") + "conf.d"
  }

  /// The file: what it gives to whom, and where, in letters that a file's name may have.
  var path: String {
    let words = [isGroup ? "group-\(account)" : account, interface] + protocols
    let name = words.joined(separator: "-").map { character in
      character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
        ? character : "_"
    }
    return "\(folder)/60-\(String(name.prefix(120))).toml"
  }

  /// What is written.
  var text: String {
    func list(_ words: [String]) -> String {
      "[" + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    }
    return """
      # Written by: ndisprotctl policy add
      [[binding]]
      interface = "\(interface)"

      [[rule]]
      name = "\(subject) on \(interface): \(protocols.joined(separator: ", "))"
      \(isGroup ? "group" : "user") = "\(account)"
      interface = "\(interface)"
      ethertypes = \(list(protocols))
      rights = \(list(rights))

      """
  }

  /// Writes the file; one that is there is not replaced.
  func write(_ program: Program) throws(Failure) {
    if unsafe mkdir(folder, 0o755) != 0, errno != EEXIST {
      throw program.fail(unwritable: folder, SystemError(failed: "mkdir"))
    }
    guard HostFacts.status(of: path) == nil else {
      throw program.fail(unwritable: path, SystemError(errno: EEXIST, call: "open"))
    }
    do throws(SystemError) {
      try FileBytes.replace(path, with: Array(text.utf8))
    } catch {
      throw program.fail(unwritable: path, error)
    }
  }

  /// What is still missing before the user can connect; nil if nothing is known to be.
  var membershipHint: String? {
    guard !isGroup, account != "root", account != "0", let group = HostFacts.groupID("ndisprot")
    else { return nil }
    let groups = HostFacts.output(of: "id -G -- '\(account)'")?.split(
      whereSeparator: \.isWhitespace)
    guard groups?.contains("\(group)") != true else { return nil }
    return "\(account) is not in the group ndisprot, which may connect: usermod -aG ndisprot "
      + "\(account); it counts after the next login, or in a shell of 'newgrp ndisprot'"
  }
}
