internal import Glibc
internal import NDIS
internal import Ndisprot
internal import NdisprotConfiguration
internal import NdisprotServer
internal import Platform

// Without a file: `--interface`, `--allow` and `--profile` are the whole configuration.

extension DaemonOptions {
  /// How long a directory service may delay the start for a name on the command line.
  private static let patienceMilliseconds = 10_000

  /// The account to run as; nil keeps the user that started the daemon.
  func account(_ directory: AccountDirectory) throws(AccountError) -> Credentials? {
    guard let user else { return serviceAccount() }
    let found: Credentials?
    do throws(SystemError) {
      found = try directory.credentials(user, within: DaemonOptions.patienceMilliseconds)
    } catch {
      throw AccountError(.user(user), cause: error.text)
    }
    guard let found else { throw AccountError(.user(user)) }
    return found.userID == geteuid() ? nil : found
  }

  /// The configuration of the command line: the user that starts the daemon, and users and groups
  /// given with `--allow`, may use the interfaces with every right but promiscuous.
  func configuration(
    _ directory: AccountDirectory
  ) throws(AccountError) -> ServerConfiguration {
    var subjects: [AccessRule.Subject] = []
    for number in Set([getuid(), geteuid()]).sorted() { subjects.append(.user(number)) }
    for text in allow {
      let isGroup = text.hasPrefix(":")
      let name = isGroup ? AccountName.group(String(text.dropFirst())) : .user(text)
      let number = try directory.number(of: name, within: DaemonOptions.patienceMilliseconds)
      subjects.append(isGroup ? .group(number) : .user(number))
    }
    let rules = subjects.map { subject in
      AccessRule(
        name: "--allow", origin: "command line", subject: subject,
        interface: InterfaceMatch(name: .like("*")),
        etherTypes: EtherTypeSet([EtherTypeSet.anyValue]), vlans: .any,
        rights: AccessRights.all.subtracting(.promiscuous))
    }
    return ServerConfiguration(
      bindings: interfaceNames.map {
        BindingConfiguration(
          interface: InterfaceMatch(name: .exactly($0)), profile: profile)
      },
      policy: AccessPolicy(rules), isVerified: verifier)
  }
}
