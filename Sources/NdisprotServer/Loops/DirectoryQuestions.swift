internal import Ndisprot
internal import Platform

/// Queries the directory for the groups of users that connect, if a rule forbids a group something.
///
/// A client is admitted when the answer arrives, or after two seconds without it. These queries
/// have a thread of their own: a client's query about rights never delays the admission of others.
///
/// - Thread: control, except the query thread
/// - Source: threat T14
final class DirectoryQuestions: @unchecked Sendable {  // Confined to control.
  /// The thread's name in the kernel.
  static let threadName = "groups"
  /// How long a client waits for the answer.
  private static let patienceNanoseconds: UInt64 = 2_000_000_000
  /// With this many users, those without a session are dropped.
  private static let tidyUserCount = 4_096

  private let server: ServerCore
  private let lookups: BlockingWorker
  private var waiting: [UInt32: [() -> Void]] = [:]

  init(_ server: ServerCore) {
    self.server = server
    lookups = BlockingWorker(server.framework, name: DirectoryQuestions.threadName)
  }

  /// Lets a client continue when its user's groups are known, or the query timed out.
  func ask(
    _ userID: UInt32, _ policy: AccessPolicy, _ control: ControlLoop,
    whenAnswered: @escaping () -> Void
  ) {
    guard let directory = policy.directory, policy.forbidsGroups, userID != 0,
      !directory.isFresh(userID)
    else { return whenAnswered() }
    guard waiting[userID] == nil else {
      waiting[userID]?.append(whenAnswered)
      return
    }
    waiting[userID] = [whenAnswered]
    tidy(directory)
    let timer = LoopTimer { [weak self] in
      guard let self, waiting[userID] != nil else { return }
      directory.note(userID, nil)
      server.logFailure(
        .warning,
        "the directory did not name the groups of user \(userID) within 2 seconds: what a rule denies "
          + "a group is denied to this user", ofUser: userID)
      finish(userID)
    }
    control.loop.arm(timer, afterNanoseconds: DirectoryQuestions.patienceNanoseconds)
    let (find, loop) = (server.environment.findUser, control.loop)
    let isAsked = lookups.add { [weak self] isUnloading in
      // A failed query counts as one without an answer.
      let user = isUnloading ? nil : (try? find("\(userID)")) ?? nil
      directory.note(userID, user.map { $0.groups + [$0.groupID] })
      guard let self else { return }
      loop.post { self.finish(userID) }
    }
    if !isAsked { finish(userID) }
  }

  private func finish(_ userID: UInt32) {
    for goOn in waiting.removeValue(forKey: userID) ?? [] { goOn() }
  }

  private func tidy(_ directory: DirectoryGroups) {
    guard directory.count >= DirectoryQuestions.tidyUserCount else { return }
    let sessions = server.budgets.sessions
    directory.keep { sessions.used(by: $0) > 0 }
  }

  /// Queries the users that are connected, before a new policy applies to them.
  ///
  /// - Thread: any that may block
  static func ask(
    _ users: [UInt32], _ directory: DirectoryGroups,
    _ find: @Sendable (String) throws(SystemError) -> Credentials?
  ) {
    let start = monotonicNanoseconds()
    for user in users where user != 0 {
      guard nanosecondsPassed(since: start, until: monotonicNanoseconds()) < patienceNanoseconds
      else { return }
      let found = (try? find("\(user)")) ?? nil
      directory.note(user, found.map { $0.groups + [$0.groupID] })
    }
  }
}
