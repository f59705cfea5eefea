public import NDIS

/// What is wanted of a card, in one go.
public struct CardJob: Hashable, Sendable {
  /// All that the binding wants of the card's receive filter; nil leaves that as it is.
  public var memberships: MembershipSet?
  /// What somebody wants to know, after that.
  public var facts: AdapterFacts.Kinds

  /// Makes a job.
  public init(memberships: MembershipSet? = nil, facts: AdapterFacts.Kinds = []) {
    self.memberships = memberships
    self.facts = facts
  }

  /// Adds a later job: one call to the kernel does for both.
  public mutating func merge(_ later: CardJob) {
    memberships = later.memberships ?? memberships
    facts.formUnion(later.facts)
  }
}

/// Why a card did not do or say what was wanted.
public enum CardError: Error, Hashable, Sendable {
  /// The interface is gone; its binding will be soon.
  case gone
  /// The kernel refused.
  case refused
  /// Nobody answered in time: somebody holds the kernel's rtnl lock, or the daemon's thread hangs.
  case timedOut
  /// The daemon ends: its threads take no work any more.
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

/// Who asks cards, on a thread where waiting harms nobody.
///
/// - Thread: any
/// - Source: `ndisprotd.docc/Architecture.md` section 4, the kernel thread
public protocol CardService: AnyObject, Sendable {
  /// Asks the card of a binding; jobs of one binding are done in the order in which they came.
  ///
  /// - Parameters:
  ///   - job: what is wanted
  ///   - binding: whose card
  ///   - answer: called once, on any thread, in five seconds at the latest
  func ask(
    _ job: CardJob, of binding: AdapterBinding,
    _ answer: @escaping @Sendable (Result<AdapterFacts, CardError>) -> Void)
}
