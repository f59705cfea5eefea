internal import Platform

/// Users and groups, looked up on a thread of its own: a directory service that hangs keeps only
/// that thread.
///
/// What has not been answered in time is `.unknown`; the caller asks again later.
///
/// - Thread: any; one caller at a time
/// - Source: nsswitch.conf(5)
public final class AccountDirectory: Sendable {
  private struct State {
    var wanted: [AccountName] = []
    var hasThread = false
    var known: [AccountName: AccountResult] = [:]
  }
  private let state = LockedValue(State())
  private let isDone = AutoResetEvent()
  private let find: @Sendable (AccountName) -> AccountResult

  /// Makes a directory; `find` may take as long as it likes.
  public init(_ find: @escaping @Sendable (AccountName) -> AccountResult) { self.find = find }

  /// The accounts of the system.
  public convenience init() { self.init(Accounts.result) }

  /// Looks accounts up.
  ///
  /// - Parameters:
  ///   - names: which
  ///   - milliseconds: how long to wait for all of them together
  /// - Returns: a result for each name
  public func results(
    for names: Set<AccountName>, within milliseconds: Int
  ) -> [AccountName: AccountResult] {
    var results: [AccountName: AccountResult] = [:]
    for case .user(let name) in names {
      // A number is what it is, whether it has a name or not.
      if let number = UInt32(name) { results[.user(name)] = .found(number) }
    }
    let asked = names.filter { results[$0] == nil }
    guard !asked.isEmpty else { return results }
    // An answer that came too late the last time.
    _ = isDone.wait(milliseconds: 0)
    let needsThread = state.withLock { state in
      state.wanted = Array(asked)
      state.known = [:]
      defer { state.hasThread = true }
      return !state.hasThread
    }
    if needsThread, (try? SystemThread.start("accounts", { self.run() })) == nil {
      state.withLock { $0.hasThread = false }
    } else {
      _ = isDone.wait(milliseconds: Int32(clamping: milliseconds))
    }
    let known = state.withLock { $0.known }
    for name in asked {
      results[name] = known[name] ?? .unknown("no answer within \(milliseconds) ms")
    }
    return results
  }

  /// Looks up until nothing is wanted any more.
  private func run() {
    while let name = next() {
      let result = find(name)
      state.withLock { $0.known[name] = result }
    }
    isDone.set()
  }

  private func next() -> AccountName? {
    state.withLock { state in
      let name = state.wanted.popLast()
      if name == nil { state.hasThread = false }
      return name
    }
  }
}
