internal import ArgumentParser
internal import Glibc
internal import NdisprotClient

/// What a shell offers for an argument: the generated scripts call this program.
enum Completion {
  /// The interfaces that the daemon has bound for this user, or all interfaces of this machine if
  /// it does not answer at once.
  static let interfaces = CompletionKind.custom { _, _, _ in
    let bound = (try? Connection(path: socketPath, timeout: .milliseconds(300)).bindings()) ?? []
    let names = bound.map(\.name)
    return (names.isEmpty ? HostFacts.interfaceNames : names).filter { $0 == $0.printable() }
  }

  /// EtherTypes by name.
  static let etherTypes = CompletionKind.list(EtherTypeName.table.map(\.name))

  /// Users by name, from /etc/passwd.
  static let users = CompletionKind.custom { _, _, _ in
    (HostFacts.text(of: "/etc/passwd") ?? "").split(separator: "\n").compactMap { line in
      line.split(separator: ":").first.map(String.init)
    }
  }

  /// A shell does not pass `--socket` on; only the environment is available.
  private static var socketPath: String {
    (try? GlobalOptions.parse([]))?.socketPath ?? Connection.defaultPath
  }
}
