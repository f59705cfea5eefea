internal import NDIS
internal import Ndisprot

/// What one binding's card is asked: the job that is under way, and the one that comes after it.
///
/// Whoever asks while a job is under way waits for the next one, so that an answer never is older than
/// its question.
struct Inquiry {
  typealias Answer = @Sendable (Result<AdapterFacts, CardError>) -> Void

  /// Somebody who waits.
  struct Waiter {
    let job: CardJob
    /// On the monotonic clock.
    let deadline: UInt64
    let answer: Answer
  }

  /// How a job went.
  struct Outcome {
    var membershipError: CardError?
    var facts: Result<AdapterFacts, CardError>

    init(traffic: BindingTraffic) {
      facts = .success(AdapterFacts())
      note(traffic)
    }

    /// There is no kernel thread any more.
    static var ending: Outcome {
      var outcome = Outcome(traffic: BindingTraffic())
      outcome.membershipError = .ending
      outcome.facts = .failure(.ending)
      return outcome
    }

    /// Adds what the binding has counted itself.
    mutating func note(_ traffic: BindingTraffic) {
      guard case .success(var known) = facts else { return }
      known.traffic = traffic
      facts = .success(known)
    }

    /// What somebody hears of it, who wanted this.
    func result(of job: CardJob) -> Result<AdapterFacts, CardError> {
      if job.memberships != nil, let membershipError { return .failure(membershipError) }
      return job.facts.isEmpty ? .success(AdapterFacts()) : facts
    }
  }

  let binding: AdapterBinding
  private var running: [Waiter] = []
  private var waiting: [Waiter] = []
  /// What is wanted next; also of those who have given up waiting: what was joined has to be left.
  private var next = CardJob()
  private var isRunning = false
  /// The operator was told that the job under way takes too long.
  private var isHangTold = false

  init(_ binding: AdapterBinding) { self.binding = binding }

  /// Whether nothing is under way and nobody waits.
  var isIdle: Bool { !isRunning && waiting.isEmpty && next == CardJob() }

  /// When the first of those who wait gives up.
  var nextDeadline: UInt64? { (running + waiting).map(\.deadline).min() }

  mutating func add(_ waiter: Waiter) {
    waiting.append(waiter)
    next.merge(waiter.job)
  }

  /// Begins the next job; nil if there is none, or one is under way.
  mutating func start() -> CardJob? {
    guard !isRunning, next != CardJob() else { return nil }
    let job = next
    next = CardJob()
    running = waiting
    waiting = []
    isRunning = true
    isHangTold = false
    return job
  }

  /// The job is done; those who waited for it.
  mutating func finish() -> [Waiter] {
    defer { running = [] }
    isRunning = false
    return running
  }

  /// Takes out those whose time is over.
  mutating func expire(_ now: UInt64) -> [Waiter] {
    let isOver = { (waiter: Waiter) in waiter.deadline <= now }
    let expired = running.filter(isOver) + waiting.filter(isOver)
    running.removeAll(where: isOver)
    waiting.removeAll(where: isOver)
    return expired
  }

  /// Somebody's time is over: whether that is to be told, once for each job.
  mutating func tellsHang() -> Bool {
    defer { isHangTold = true }
    return !isHangTold
  }
}
