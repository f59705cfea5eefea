internal import Ndisprot
internal import Platform

/// Asks the directory for the groups of users who connect, if a rule forbids a group something.
///
/// A client is let in when the answer is there, or after two seconds without it. Questions have a thread
/// of their own: no client's question about rights keeps others from coming in.
///
/// - Thread: control, but for the thread of the questions
/// - Source: threat T14
final class DirectoryQuestions: @unchecked Sendable {  // Confined to control.
  /// As the kernel shows the thread.
  static let threadName = "groups"
  /// How long a client waits for the answer.
  private static let patienceNanoseconds: UInt64 = 2_000_000_000
  /// With so many users those that have no session are forgotten.
  private static let tidyUserCount = 4_096

  private let server: ServerCore
  private let lookups: Lookups
  private var waiting: [UInt32: [() -> Void]] = [:]

  init(_ server: ServerCore) {
    self.server = server
    lookups = Lookups(server.framework, name: DirectoryQuestions.threadName)
  }

  /// Lets a client go on when its user's groups are known, or will not be in time.
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
      // What could not be asked is as good as not answered.
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

  /// Asks about users who are connected, before another policy holds for them.
  ///
  /// - Thread: any that may wait
  static func ask(
    _ users: [UInt32], _ directory: DirectoryGroups,
    _ find: @Sendable (String) throws(SystemError) -> Credentials?
  ) {
    let start = monotonicNanoseconds()
    for user in users where user != 0 {
      guard monotonicNanoseconds() &- start < patienceNanoseconds else { return }
      let found = (try? find("\(user)")) ?? nil
      directory.note(user, found.map { $0.groups + [$0.groupID] })
    }
  }
}
