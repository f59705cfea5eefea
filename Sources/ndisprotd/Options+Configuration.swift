internal import Glibc
internal import NDIS
internal import Ndisprot
internal import NdisprotConfiguration
internal import NdisprotServer
internal import Platform

// Without a file: `--interface`, `--allow` and `--profile` say all there is.

extension DaemonOptions {
  /// The account to run as; nil keeps the user who started the daemon.
  func account() throws(AccountError) -> Credentials? {
    guard let user else { return serviceAccount() }
    var cause: SystemError?
    do throws(SystemError) {
      if let account = try Accounts.credentials(user) {
        return account.userID == geteuid() ? nil : account
      }
    } catch {
      cause = error
    }
    throw AccountError(kind: "user", name: user, cause: cause)
  }

  /// What the command line says: the user who starts the daemon, and whom `--allow` names, may use
  /// the interfaces with every right but promiscuous.
  func configuration() throws(AccountError) -> ServerConfiguration {
    var subjects: [AccessRule.Subject] = []
    for number in Set([getuid(), geteuid()]).sorted() { subjects.append(.user(number)) }
    for name in allow {
      if name.hasPrefix(":") {
        subjects.append(.group(try Accounts.groupID(String(name.dropFirst()))))
      } else {
        subjects.append(.user(try Accounts.userID(name)))
      }
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
