public import NDIS

/// What is wanted of a NIC, in one go.
public struct CardJob: Hashable, Sendable {
  /// Everything the binding needs from the NIC's receive filter; nil leaves the filter unchanged.
  public var memberships: MembershipSet?
  /// What to query after that.
  public var facts: AdapterFacts.Kinds

  /// Makes a job.
  public init(memberships: MembershipSet? = nil, facts: AdapterFacts.Kinds = []) {
    self.memberships = memberships
    self.facts = facts
  }

  /// Adds a later job: one call to the kernel serves both.
  public mutating func merge(_ later: CardJob) {
    memberships = later.memberships ?? memberships
    facts.formUnion(later.facts)
  }
}

/// Why a NIC did not do or answer what was wanted.
public enum CardError: Error, Hashable, Sendable {
  /// The interface is gone; its binding will be soon.
  case gone
  /// The kernel refused.
  case refused
  /// Timed out: another process holds the kernel's rtnl lock, or the daemon's thread hangs.
  case timedOut
  /// The daemon shuts down: its threads take no more work.
  case ending

  /// The row of the table that the client sees.
  public var completion: CompletionStatus {
    switch self {
    case .gone: .adapterRemoved
    case .refused: .openFailed
    case .timedOut: .timedOut
    case .ending: .cancelled
    }
  }
}

/// Queries NICs on a thread that may block.
///
/// - Thread: any
/// - Source: `ndisprotd.docc/Architecture.md` section 4, the kernel thread
public protocol NICQuerying: AnyObject, Sendable {
  /// Queries the NIC of a binding; jobs of one binding are done in order of arrival.
  ///
  /// - Parameters:
  ///   - job: what is wanted
  ///   - binding: the binding of the NIC
  ///   - answer: called once, on any thread, after five seconds at the latest
  func ask(
    _ job: CardJob, of binding: AdapterBinding,
    _ answer: @escaping @Sendable (Result<AdapterFacts, CardError>) -> Void)
}
