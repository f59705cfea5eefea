internal import NDIS
internal import Ndisprot
internal import Platform
internal import WDF

/// Queries NICs: jobs are collected on control, and carried out on the kernel thread.
///
/// ```
///  loops ── ask ──► control: one job per binding at a time; later ones join the next
///                      │  traffic ──► the binding's loop ──► control
///                      │  the rest ─► kernel thread ───────► control ── answer ──► loops
///                      └─ 5 s after the query: timed out, and the job continues
/// ```
/// However many requests there are, at most one call per binding is in progress, and one thread
/// waits for the kernel's rtnl lock.
///
/// - Thread: `ask` on any, `kernelWork` on the kernel thread, all else on control
/// - Source: `ndisprotd.docc/Architecture.md` section 4
final class NICQueryScheduler: NICQuerying, @unchecked Sendable {  // See Thread.
  /// The thread's name in the kernel.
  static let threadName = "kernel"

  /// The loop of the kernel thread.
  let kernel: EventLoop
  private let loop: EventLoop
  private let adapter: any AdapterControl
  private let deadlineNanoseconds: UInt64
  private var inquiries: [UInt64: CoalescedNICQuery] = [:]
  private lazy var timer = LoopTimer { [weak self] in self?.expire() }
  /// Knows the loops of the bindings, and has the log.
  weak var control: ControlLoop?

  init(
    control: EventLoop, kernel: EventLoop, adapter: any AdapterControl, deadlineNanoseconds: UInt64
  ) {
    loop = control
    self.kernel = kernel
    self.adapter = adapter
    self.deadlineNanoseconds = deadlineNanoseconds
  }

  func ask(
    _ job: CardJob, of binding: AdapterBinding, _ answer: @escaping CoalescedNICQuery.Answer
  ) {
    binding.noteAsked()
    let waiter = CoalescedNICQuery.Waiter(
      job: job, deadline: monotonicNanoseconds() &+ deadlineNanoseconds, answer: answer)
    if loop.isCurrent {
      add(waiter, binding)
    } else if !loop.post({ self.add(waiter, binding) }) {
      answer(.failure(.ending))
    }
  }

  /// Queries what never changes about an interface; `answer` is called on control, with nil if the
  /// interface is gone.
  ///
  /// - Thread: control
  func identify(
    _ interfaceIndex: Int32, _ answer: @escaping @Sendable (AdapterIdentity?) -> Void
  ) {
    _ = kernel.post { [self] in
      let identity = try? adapter.identity(of: interfaceIndex)
      _ = loop.post { answer(identity) }
    }
  }

  // MARK: Jobs

  private func add(_ waiter: CoalescedNICQuery.Waiter, _ binding: AdapterBinding) {
    let key = binding.object.id.rawValue
    inquiries[key, default: CoalescedNICQuery(binding)].add(waiter)
    if !timer.isArmed { loop.arm(timer, afterNanoseconds: deadlineNanoseconds) }
    start(key)
  }

  private func start(_ key: UInt64) {
    guard let job = inquiries[key]?.start(), let binding = inquiries[key]?.binding else {
      if inquiries[key]?.isIdle == true { inquiries[key] = nil }
      return
    }
    guard job.facts.contains(.traffic), let control else {
      askKernel(job, binding, BindingTraffic())
      return
    }
    control.traffic(of: binding) { [self] in askKernel(job, binding, $0) }
  }

  private func askKernel(_ job: CardJob, _ binding: AdapterBinding, _ traffic: BindingTraffic) {
    let key = binding.object.id.rawValue
    guard job.memberships != nil || !job.facts.subtracting(.traffic).isEmpty else {
      finish(key, CoalescedNICQuery.Outcome(traffic: traffic))
      return
    }
    let isMailed = kernel.post { [self] in
      var outcome = kernelWork(job, binding.interfaceIndex, owner: key)
      outcome.note(traffic)
      _ = loop.post { [outcome] in self.finish(key, outcome) }
    }
    if !isMailed { finish(key, .ending) }
  }

  /// - Thread: the kernel thread
  private func kernelWork(
    _ job: CardJob, _ interfaceIndex: Int32, owner: UInt64
  ) -> CoalescedNICQuery.Outcome {
    var outcome = CoalescedNICQuery.Outcome(traffic: BindingTraffic())
    do throws(MiniportError) {
      if let memberships = job.memberships {
        try adapter.join(memberships, on: interfaceIndex, for: owner)
      }
    } catch {
      outcome.membershipError = CardError(error)
    }
    let kinds = job.facts.subtracting(.traffic)
    guard !kinds.isEmpty else { return outcome }
    do throws(MiniportError) {
      outcome.facts = .success(try adapter.facts(kinds, of: interfaceIndex))
    } catch {
      outcome.facts = .failure(CardError(error))
    }
    return outcome
  }

  private func finish(_ key: UInt64, _ outcome: CoalescedNICQuery.Outcome) {
    let answered = inquiries[key]?.finish() ?? []
    start(key)
    for waiter in answered { waiter.answer(outcome.result(of: waiter.job)) }
  }

  // MARK: Time

  /// Times out the jobs that the kernel has not answered.
  private func expire() {
    let now = monotonicNanoseconds()
    var next: UInt64?
    for key in Array(inquiries.keys) {
      guard let expired = inquiries[key]?.expire(now), let binding = inquiries[key]?.binding else {
        continue
      }
      if let first = inquiries[key]?.nextDeadline { next = min(next ?? first, first) }
      if !expired.isEmpty, inquiries[key]?.tellsHang() == true { tellHang(binding) }
      for waiter in expired {
        binding.noteTimedOut()
        waiter.answer(.failure(.timedOut))
      }
    }
    if let next { loop.arm(timer, afterNanoseconds: next > now ? next - now : 0) }
  }

  private func tellHang(_ binding: AdapterBinding) {
    let name = binding.snapshot.attributes.name
    control?.server.log(
      .warning,
      "\(name): the kernel has not answered for \(deadlineNanoseconds / 1_000_000) ms: something "
        + "holds its lock of the interfaces. Requests about the card time out until then",
      binding: name.text)
  }
}

extension CardError {
  /// The error of the edge below.
  fileprivate init(_ error: MiniportError) { self = error == .noSuchDevice ? .gone : .refused }
}

extension ControlLoop {
  /// What a binding counted: queries its loop, if it has one.
  func traffic(
    of binding: AdapterBinding, _ body: @escaping @Sendable (BindingTraffic) -> Void
  ) {
    let attributes = binding.snapshot.attributes
    var idle = binding.idleTraffic
    idle.captureRingByteCount = UInt64(
      clamping: server.configuration.binding(of: attributes).captureRingByteCount)
    guard let host = runningLoop(of: binding) else {
      body(idle)
      return
    }
    let isMailed = host.loop.post { [weak self] in
      let traffic = host.traffic
      _ = self?.loop.post { body(traffic) }
    }
    if !isMailed { body(idle) }
  }
}
