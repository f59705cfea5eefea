internal import Glibc
internal import NdisprotClient
internal import Platform

/// The checks of `doctor`, in the order in which a connection depends on them.
///
/// One cause is one FAIL: checks that it makes impossible are skipped and point to it.
struct DoctorChecks {
  let program: Program
  private let login = Login()

  /// The findings of all checks.
  func findings() -> [Finding] {
    var all = HostChecks(login: login).findings
    do throws(ClientError) {
      let connection = try program.newConnection()
      // The status is answered to every client that may connect, whatever the rules.
      let status = try? connection.status()
      all += ServiceChecks(path: program.socketPath).findings
      all.append(
        .fine("socket", "\(program.socketPath) is there and \(login.userName) may connect"))
      return all + findings(connection, status)
    } catch {
      return all + findings(unreachable: error)
    }
  }

  private func findings(unreachable error: ClientError) -> [Finding] {
    var check: String
    let failure: Finding
    switch error {
    case .cannotReach(let path, let cause):
      let words = Unreachable(path: path, cause).words
      check = words.check
      failure = .wrong(check, words.cause, remedy: words.remedy)
    default:
      check = "daemon"
      var (cause, remedy) = program.words(error)
      if let units = ServiceUnit.serving(program.socketPath), !units.service.isAlive {
        (cause, remedy) = program.words(sleeping: units.service, units.socket)
        check = "unit"
      }
      failure = .wrong(check, cause, remedy: remedy)
    }
    let rest = ["daemon", "policy", "interfaces"].filter { $0 != check }
    return [failure] + rest.map { .skipped($0, because: check) }
  }

  private func findings(_ connection: Connection, _ status: StatusReply?) -> [Finding] {
    let rules = PolicyChecks(login: login, status: status)
    do throws(ClientError) {
      let entries = try connection.bindings()
      let bound = "\(entries.count) interface\(entries.count == 1 ? "" : "s")"
      let answer = Finding.fine("daemon", "it answers, and shows \(login.userName) \(bound)")
      let objects = (try? connection.statistics()) ?? []
      return [answer, rules.capability, rules.policy(entries)]
        + InterfaceChecks(entries, objects, daemonUserID: status?.userID).findings
    } catch {
      if error.status == .notPermitted {
        return [
          .fine("daemon", "it answers"), rules.capability, rules.policy([]),
          .skipped("interfaces", because: "policy"),
        ]
      }
      let (cause, remedy) = program.words(error)
      return [.wrong("daemon", cause, remedy: remedy)]
        + ["policy", "interfaces"].map { .skipped($0, because: "daemon") }
    }
  }
}
