internal import NDIS
internal import Ndisprot

/// The queries of one binding's NIC: the job in progress, and the next one.
///
/// A request that arrives during a job waits for the next one, so that an answer is never older
/// than its request.
struct CoalescedNICQuery {
  typealias Answer = @Sendable (Result<AdapterFacts, CardError>) -> Void

  /// A request that waits for the answer.
  struct Waiter {
    let job: CardJob
    /// On the monotonic clock.
    let deadline: UInt64
    let answer: Answer
  }

  /// The result of a job.
  struct Outcome {
    var membershipError: CardError?
    var facts: Result<AdapterFacts, CardError>

    init(traffic: BindingTraffic) {
      facts = .success(AdapterFacts())
      note(traffic)
    }

    /// The result after the kernel thread has ended.
    static var ending: Outcome {
      var outcome = Outcome(traffic: BindingTraffic())
      outcome.membershipError = .ending
      outcome.facts = .failure(.ending)
      return outcome
    }

    /// Adds what the binding itself counted.
    mutating func note(_ traffic: BindingTraffic) {
      guard case .success(var known) = facts else { return }
      known.traffic = traffic
      facts = .success(known)
    }

    /// The answer for a request that wanted this job.
    func result(of job: CardJob) -> Result<AdapterFacts, CardError> {
      if job.memberships != nil, let membershipError { return .failure(membershipError) }
      return job.facts.isEmpty ? .success(AdapterFacts()) : facts
    }
  }

  let binding: AdapterBinding
  private var running: [Waiter] = []
  private var waiting: [Waiter] = []
  /// The next job; includes requests that timed out, because joined groups have to be left.
  private var next = CardJob()
  private var isRunning = false
  /// Whether the operator was warned that the current job takes too long.
  private var isHangTold = false

  init(_ binding: AdapterBinding) { self.binding = binding }

  /// Whether no job is in progress and no request waits.
  var isIdle: Bool { !isRunning && waiting.isEmpty && next == CardJob() }

  /// The earliest deadline of the waiting requests.
  var nextDeadline: UInt64? { (running + waiting).map(\.deadline).min() }

  mutating func add(_ waiter: Waiter) {
    waiting.append(waiter)
    next.merge(waiter.job)
  }

  /// Starts the next job; nil if there is no job to start, or one is in progress.
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

  /// Ends the job; returns the requests that waited for it.
  mutating func finish() -> [Waiter] {
    defer { running = [] }
    isRunning = false
    return running
  }

  /// Removes the requests that timed out.
  mutating func expire(_ now: UInt64) -> [Waiter] {
    let isOver = { (waiter: Waiter) in waiter.deadline <= now }
    let expired = running.filter(isOver) + waiting.filter(isOver)
    running.removeAll(where: isOver)
    waiting.removeAll(where: isOver)
    return expired
  }

  /// Whether a timeout is to be reported: once per job.
  mutating func tellsHang() -> Bool {
    defer { isHangTold = true }
    return !isHangTold
  }
}
