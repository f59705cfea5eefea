internal import Glibc
internal import NdisprotClient
internal import Platform

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

  /// The file's path, made of what the rule grants, to which account, and on which interface.
  var path: String {
    let words = [isGroup ? "group-\(account)" : account, interface] + protocols
    let name = words.joined(separator: "-").map { character in
      character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
        ? character : "_"
    }
    return "\(folder)/60-\(String(name.prefix(120))).toml"
  }

  /// A name that a rule can have: 256 bytes at most.
  private var name: String {
    var name = "\(subject) on \(interface): \(protocols.joined(separator: ", "))"
    while name.utf8.count > 256 { name.removeLast() }
    return name
  }

  /// The contents.
  var text: String {
    func list(_ words: [String]) -> String {
      "[" + words.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    }
    return """
      # Written by: ndisprotctl policy add
      [[binding]]
      interface = "\(interface)"

      [[rule]]
      name = "\(name)"
      \(isGroup ? "group" : "user") = "\(account)"
      interface = "\(interface)"
      ethertypes = \(list(protocols))
      rights = \(list(rights))

      """
  }

  /// Reports an account that does not exist: its rule would apply to no user.
  func requireAccount(_ program: Program) throws(Failure) {
    if let number = UInt32(digits: account), number != .max { return }
    let isThere: Bool
    do throws(SystemError) {
      isThere =
        isGroup
        ? try AccountDatabase.group(named: account) != nil
        : try AccountDatabase.user(named: account) != nil
    } catch {
      throw program.fail(.system(error))
    }
    guard !isThere else { return }
    throw program.fail(
      "there is no such \(isGroup ? "group" : "user")",
      "Name one of 'getent \(isGroup ? "group" : "passwd")', or write a number", name: "noAccount")
  }

  /// Writes the file; an existing one is not replaced.
  func write(_ program: Program) throws(Failure) {
    if unsafe mkdir(folder, 0o755) != 0, errno != EEXIST {
      throw fail(folder, SystemError(failed: "mkdir"), program)
    }
    guard HostFacts.status(of: path) == nil else {
      throw fail(path, SystemError(errno: EEXIST, call: "open"), program)
    }
    do throws(SystemError) {
      try FileBytes.replace(path, with: Array(text.utf8))
    } catch {
      throw fail(path, error, program)
    }
  }

  /// Whether a refusal of the daemon is about this file.
  func isNamed(in refusal: String) -> Bool {
    refusal.split(separator: "\n").contains { $0.hasPrefix("\(path):") }
  }

  /// Takes the file away again.
  func remove() { unsafe unlink(path) }

  private func fail(_ path: String, _ error: SystemError, _ program: Program) -> Failure {
    let remedy =
      switch error.errno {
      case EACCES, EPERM: "Run it as root"
      case EEXIST: "Change it with an editor, then: ndisprotctl reload"
      case ENOENT:
        "Name the configuration that the daemon reads with --config, or make its directory"
      default: "Name a configuration elsewhere with --config"
      }
    let failure = program.fail(unwritable: path, error, remedy)
    return [EACCES, EPERM].contains(error.errno) ? Failure(exitCode: 6) : failure
  }

  /// What the user still lacks to connect; nil if nothing is known to be missing.
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
