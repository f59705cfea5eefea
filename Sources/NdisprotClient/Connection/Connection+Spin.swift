internal import Glibc
internal import NdisprotControl
internal import Platform

// A client that answers each frame also saves its own wake-up if it polls for the next frame.

extension Connection {
  /// The longest for which a wait polls.
  public static let maximumSpin = Duration.microseconds(2_500)

  /// Shared by all connections of the program: one processor always stays free.
  private static let spinBudget = SpinBudget()

  /// How long a wait for a message of the daemon polls for it before it sleeps; none by default.
  ///
  /// The thread occupies a processor while it polls, and yields to other threads of that processor. At
  /// most one thread fewer polls at once than the machine has processors. A longer value than
  /// `maximumSpin` becomes that.
  ///
  /// For a binding with the profile `realtime`, whose thread polls, too.
  public var spin: Duration {
    get { .nanoseconds(Int64(clamping: spinNanoseconds)) }
    set {
      let nanoseconds = min(max(newValue, .zero), Self.maximumSpin).components.attoseconds
      spinNanoseconds = UInt64(clamping: nanoseconds / 1_000_000_000)
      guard spinNanoseconds > 0 else {
        poll = nil
        return
      }
      poll = { [unowned self] deadline throws(ClientError) in try pollForReply(by: deadline) }
    }
  }

  /// Polls for the next reply; nil when the polling time or the deadline has passed.
  private func pollForReply(by deadline: Deadline) throws(ClientError) -> MessageHeader? {
    var spinner = Spinner(nanoseconds: spinNanoseconds, budget: Self.spinBudget)
    var now = monotonicNanoseconds()
    spinner.worked(atNanoseconds: now)
    while spinner.polls(atNanoseconds: now) {
      if let header = try tryReceive() { return header }
      if deadline.isPast { return nil }
      sched_yield()
      now = monotonicNanoseconds()
    }
    return nil
  }
}
