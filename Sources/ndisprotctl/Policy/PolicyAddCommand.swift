internal import ArgumentParser
internal import Glibc
internal import NDIS
internal import NdisprotClient
internal import Platform

/// `ndisprotctl policy add`.
struct PolicyAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Gives a user or a group an interface, in a file of conf.d, and reloads.",
    discussion: Help.text(
      """
      For root. Without a right, --read and --join are given: enough to listen. The file binds the \
      interface too; it is shown, and an editor changes it later.
      """,
      [
        "ndisprotctl policy add alice eth0 lldp",
        "ndisprotctl policy add :netdev eth0 0x88b5 --read --write",
      ]))

  @OptionGroup var global: GlobalOptions
  @Argument(help: "A user, or :group.", completion: Completion.users)
  var subject: String
  @Argument(
    help: "An interface name; * stands for any characters, ? for one.",
    completion: Completion.interfaces)
  var interface: String
  @Argument(
    help: "EtherTypes such as lldp, eapol, 0x88b5, or any.", completion: Completion.etherTypes)
  var protocols: [String]
  @Flag(help: "Gives reading frames.")
  var read = false
  @Flag(help: "Gives writing frames from the interface's own address.")
  var write = false
  @Flag(help: "Gives listening to groups.")
  var join = false
  @Option(
    help: ArgumentHelp(
      "The configuration beside which conf.d lies (default: /etc/ndisprot/ndisprotd.toml).",
      valueName: "file"), completion: .file())
  var config = "/etc/ndisprot/ndisprotd.toml"

  mutating func validate() throws {
    for word in protocols {
      guard let value = EtherTypeName.value(of: word) else {
        throw ValidationError(
          "'\(word.printable())' is no EtherType. Write a name such as lldp, or a number such as 0x88cc"
        )
      }
      guard value != EtherTypeName.pause else {
        throw ValidationError("0x8808 (pause frames) is given to no user. Leave it away")
      }
    }
    let name = subject.hasPrefix(":") ? subject.dropFirst() : subject[...]
    guard !name.isEmpty, name.isPlain, !interface.isEmpty, interface[...].isPlain else {
      throw ValidationError(
        "user, group and interface are names without quotes, spaces and control characters. "
          + "Write a file of conf.d by hand")
    }
    if case .index? = BindingArgument(argument: interface) {
      throw ValidationError(
        "\(interface) is a number, which another interface has tomorrow. Write the name, as "
          + "'ndisprotctl bindings' shows it")
    }
    guard NamePattern(interface) != nil else {
      throw ValidationError(
        "'\(interface)' cannot be the name of an interface. "
          + "Write 1 to 127 bytes without blanks, slashes and colons, as ip link shows them")
    }
  }

  mutating func run() throws {
    let program = Program(global, "policy add \(subject.printable())", .administer)
    let draft = PolicyDraft(
      subject: subject, interface: interface, protocols: protocols, rights: rights, config: config)
    try draft.requireAccount(program)
    try draft.write(program)
    if !global.json { print(draft, program) }
    try reload(program, draft)
    if let hint = draft.membershipHint { program.output.hint(hint) }
  }

  private var rights: [String] {
    let given = [(read, "read"), (write, "write"), (join, "join")].filter(\.0).map(\.1)
    return given.isEmpty ? ["read", "join"] : given
  }

  private func print(_ draft: PolicyDraft, _ program: Program) {
    program.output.standard.writeLine("\(draft.path):")
    for line in draft.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      program.output.standard.writeLine("    " + line)
    }
    program.output.standard.flush()
  }

  private func reload(_ program: Program, _ draft: PolicyDraft) throws(Failure) {
    let refusal: String
    do throws(ClientError) {
      refusal = try program.newConnection().reload().refusal
    } catch .cannotReach {
      program.output.hint("the daemon does not run: the rule holds when it starts")
      return
    } catch {
      throw program.fail(error)
    }
    // With a mistake in it no daemon could start again.
    let isRemoved = draft.isNamed(in: refusal)
    if isRemoved { draft.remove() }
    if global.json {
      var line = JSONLine()
      line.add("event", refusal.isEmpty ? "added" : "refused")
      line.add("file", draft.path)
      line.add("message", refusal)
      program.output.standard.writeLine(line.closed)
      program.output.standard.flush()
    } else if !refusal.isEmpty {
      program.output.hint(
        isRemoved
          ? "the daemon does not take the file, which is removed again: \(refusal.inOneLine())"
          : "the file is written, and the daemon does not take it: \(refusal.inOneLine()). "
            + "Mend it, then: ndisprotctl reload")
    }
    if !refusal.isEmpty { throw Failure(exitCode: 1) }
  }
}

/// `ndisprotctl policy test`.
struct PolicyTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Checks a configuration without a daemon.",
    discussion: Help.text(
      """
      Reads FILE and conf.d beside it as the daemon would, and says what is wrong or most likely not \
      meant, and what matches now. Exit: 0, or 65 for a configuration that is wrong.
      """,
      ["ndisprotctl policy test /etc/ndisprot/ndisprotd.toml"]))

  @Argument(help: "The main file of a configuration.", completion: .file())
  var file = "/etc/ndisprot/ndisprotd.toml"

  mutating func run() throws {
    let words = ["ndisprotd", "--config", file, "--check-config", "--summary"]
    for path in PolicyTestCommand.candidates {
      // Returns only if the program does not exist; the copies leak for the few that are tried.
      var arguments = unsafe words.map { unsafe strdup($0.systemString) } + [nil]
      _ = unsafe execv(path, &arguments)
    }
    Output(isJSON: false).hint(
      "policy test: there is no ndisprotd beside this program or in /usr/sbin. Install it")
    throw Failure(exitCode: 69)
  }

  /// Where the daemon's program may be: next to this one first.
  private static var candidates: [String] {
    let own = HostFacts.target(of: "/proc/self/exe") ?? ""
    let folder = own.lastIndex(of: "/").map { String(own[..<$0]) } ?? "/usr/bin"
    return ["\(folder)/ndisprotd", "\(folder)/../sbin/ndisprotd", "/usr/sbin/ndisprotd"]
  }
}

extension Substring {
  /// Whether it can be quoted in the file, and used in a file name except for `/`.
  fileprivate var isPlain: Bool {
    unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "\"" && $0 != "\\" && $0 != "'" }
      && String(self) == String(self).printable()
  }
}
