internal import NDIS
internal import WDF

/// What the opens of a binding together need from the NIC's receive filter.
///
/// However many opens want a setting, the kernel is asked for it once, and it is given back when
/// the last of them no longer wants it. A wanted setting counts as soon as the NIC is asked. The
/// open gets it when the NIC has done it; if the NIC refuses, it is given back and nothing changes.
///
/// - Thread: the binding's thread, except `answered`
final class CardFilter: @unchecked Sendable {  // See Thread.
  private let binding: AdapterBinding
  private let executor: any Executor
  private let trace: BindingTrace
  /// The opens, each with what it wants.
  private var opens: [OpenContext] = []
  /// What the NIC was last asked for; nil if that failed or its result is unknown.
  private var asked: MembershipSet? = MembershipSet()
  /// How many requests the NIC has not answered yet.
  private var unansweredCount = 0
  /// Set while many opens are changed in turn; the NIC is then asked once, after the last.
  private var isChangingMany = false
  private var mustAsk = false

  init(_ binding: AdapterBinding, executor: any Executor, trace: BindingTrace) {
    self.binding = binding
    self.executor = executor
    self.trace = trace
  }

  /// Adds an open, which wants nothing at first.
  func add(_ open: OpenContext) { opens.append(open) }

  /// Removes an open; what it alone wanted is given back.
  func remove(_ open: OpenContext) {
    opens.removeAll { $0 === open }
    giveBack()
  }

  /// All opens are gone.
  func removeAll() {
    opens.removeAll()
    giveBack()
  }

  private var wanted: MembershipSet {
    var wanted = MembershipSet()
    for open in opens { wanted.add(open.wantedHearing.memberships) }
    return wanted
  }

  /// What the opens want now, if the NIC has to be asked.
  ///
  /// The caller asks the NIC, reports it with `noteAsked`, and passes the answer to `answered`.
  ///
  /// - Parameter isAwaited: whether the caller needs the NIC to have followed: then an earlier
  ///   request that is not answered yet is repeated
  /// - Returns: nil if this is what the NIC was last asked for
  func job(isAwaited: Bool = false) -> CardJob? {
    let wanted = self.wanted
    guard wanted != asked || (isAwaited && unansweredCount > 0) else { return nil }
    return CardJob(memberships: wanted)
  }

  /// This job is being sent to the NIC.
  func noteAsked(_ job: CardJob) {
    asked = job.memberships
    unansweredCount += 1
  }

  /// Less may be wanted: asks the NIC without waiting for the answer.
  func giveBack() {
    guard !isChangingMany else {
      mustAsk = true
      return
    }
    guard let card = binding.card, let job = job() else { return }
    trace.note(.ndis, "memberships", nil, job.memberships?.groups.count ?? 0)
    noteAsked(job)
    card.ask(job, of: binding) { [weak self] in self?.answered($0) }
  }

  /// Changes or closes many opens: what they all want is computed once, after the last.
  func changeMany(_ body: () -> Void) {
    isChangingMany = true
    body()
    isChangingMany = false
    guard mustAsk else { return }
    mustAsk = false
    giveBack()
  }

  /// The NIC has done the job, or has failed: after a failure it is asked again at the next change.
  ///
  /// - Thread: any
  func answered(_ result: Result<AdapterFacts, CardError>) {
    executor.post { [weak self] in self?.noteAnswered(result) }
  }

  private func noteAnswered(_ result: Result<AdapterFacts, CardError>) {
    unansweredCount -= 1
    if case .failure = result { asked = nil }
  }
}

extension MembershipSet {
  /// Adds the memberships of another open.
  fileprivate mutating func add(_ other: MembershipSet) {
    isPromiscuous = isPromiscuous || other.isPromiscuous
    hearsAllGroups = hearsAllGroups || other.hearsAllGroups
    groups.formUnion(other.groups)
  }
}
