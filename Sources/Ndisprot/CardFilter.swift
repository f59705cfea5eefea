internal import NDIS
internal import WDF

/// What the opens of a binding together want of the card's receive filter.
///
/// One open or many: the kernel is asked once, and gives it back when the last of them does not want
/// it any more. What an open wants to set counts from when the card is asked; it becomes the open's
/// when the card has done it, and refused it is given back, as if nobody had asked.
///
/// - Thread: the binding's thread, but for `answered`
final class CardFilter: @unchecked Sendable {  // See Thread.
  private let binding: AdapterBinding
  private let executor: any Executor
  private let trace: BindingTrace
  /// What the opens want that there are.
  private var opens: [OpenContext] = []
  /// What the card was last asked for; nil if it did not do that, or nobody knows.
  private var asked: MembershipSet? = MembershipSet()
  /// How often it was asked and has not answered.
  private var unansweredCount = 0
  /// Many opens are changed one after the other, and whether the card is to be asked behind them.
  private var isChangingMany = false
  private var mustAsk = false

  init(_ binding: AdapterBinding, executor: any Executor, trace: BindingTrace) {
    self.binding = binding
    self.executor = executor
    self.trace = trace
  }

  /// Counts what an open wants, which is nothing at first.
  func add(_ open: OpenContext) { opens.append(open) }

  /// An open is gone, and what it alone wanted given back.
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

  /// What the opens want now, if the card has to be asked.
  ///
  /// Who takes it asks the card, says so (`noteAsked`), and hands the answer to `answered`.
  ///
  /// - Parameter isAwaited: whether it matters that the card has followed: what was asked for before
  ///   and is not answered yet is asked for again then
  /// - Returns: nil if that is what it was last asked for
  func job(isAwaited: Bool = false) -> CardJob? {
    let wanted = self.wanted
    guard wanted != asked || (isAwaited && unansweredCount > 0) else { return nil }
    return CardJob(memberships: wanted)
  }

  /// The card is being asked for this.
  func noteAsked(_ job: CardJob) {
    asked = job.memberships
    unansweredCount += 1
  }

  /// Less may be wanted: the card is asked, and nobody waits for that.
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

  /// Changes or closes many opens: what they all want is looked at once, behind the last.
  func changeMany(_ body: () -> Void) {
    isChangingMany = true
    body()
    isChangingMany = false
    guard mustAsk else { return }
    mustAsk = false
    giveBack()
  }

  /// The card has done what it was asked, or has not: then it is asked again at the next change.
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
  /// Adds what another wants.
  fileprivate mutating func add(_ other: MembershipSet) {
    isPromiscuous = isPromiscuous || other.isPromiscuous
    hearsAllGroups = hearsAllGroups || other.hearsAllGroups
    groups.formUnion(other.groups)
  }
}
