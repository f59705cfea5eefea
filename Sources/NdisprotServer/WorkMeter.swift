internal import Ndisprot
internal import Platform

/// The processor time that one loop spends on each of its sessions.
///
/// The thread's own clock is a system call of a microsecond and more: too dear for every message. So a piece of
/// work is measured by the monotonic clock, 20 ns a reading, from where the loop turns to a session to
/// where it turns away; the thread's clock is read when somebody wants to know, a session leaves, or a
/// tenth of a second of work has come together. What the scheduler gave to others meanwhile is taken off
/// then, from all pieces in proportion, so that the sessions of a loop together never have more than
/// its thread. A piece inside another belongs to the outer one's session.
///
/// - Units: nanoseconds
/// - Thread: the loop's
/// - Source: threat T5
final class WorkMeter {
  /// After so much work the thread's clock is read.
  private static let settlingNanoseconds: UInt64 = 100_000_000

  /// Whose piece is measured.
  private var current: Session?
  private var began: UInt64 = 0
  /// Who has work that is not settled, and how much all of them.
  private var unsettled: [Session] = []
  private var unsettledNanoseconds: UInt64 = 0
  /// What the thread had used when work was settled last.
  private var settledAt: UInt64 = 0

  /// Work for a session begins; `end` follows, unless the session left in the middle.
  ///
  /// - Returns: whether it is measured; not inside of other work
  @inline(__always)
  func begin(_ session: Session) -> Bool {
    guard current == nil else { return false }
    current = session
    began = monotonicNanoseconds()
    return true
  }

  /// The work is over.
  @inline(__always)
  func end(_ isMeasured: Bool) {
    guard isMeasured, let session = current else { return }
    current = nil
    let now = monotonicNanoseconds()
    note(now &- min(began, now), of: session)
    if unsettledNanoseconds >= WorkMeter.settlingNanoseconds { settle() }
  }

  private func note(_ nanoseconds: UInt64, of session: Session) {
    if session.work.unsettled == 0 { unsettled.append(session) }
    session.work.unsettled &+= max(nanoseconds, 1)
    unsettledNanoseconds &+= max(nanoseconds, 1)
  }

  /// Gives every session its share of what the thread has used.
  func settle() {
    guard !unsettled.isEmpty else { return }
    let used = threadNanoseconds()
    let spent = used &- min(settledAt, used)
    settledAt = used
    for session in unsettled {
      session.work.settle(spent: spent, of: unsettledNanoseconds)
    }
    unsettled.removeAll(keepingCapacity: true)
    unsettledNanoseconds = 0
  }

  /// A session leaves the loop, perhaps in the middle of its work, or ends.
  func release(_ session: Session) {
    if current === session { end(true) }
    if session.work.unsettled > 0 { settle() }
  }
}

/// What a session has cost.
struct SessionWork {
  /// Measured by the monotonic clock, since its loop's thread was looked at.
  var unsettled: UInt64 = 0
  /// Of the processor's time.
  private(set) var nanoseconds: UInt64 = 0

  /// Takes its share of what a thread has spent, at most as much as was measured.
  mutating func settle(spent: UInt64, of all: UInt64) {
    add(all <= spent ? unsettled : share(of: spent, all))
    unsettled = 0
  }

  /// What is measured belongs to `all`, so that the quotient has room.
  private func share(of spent: UInt64, _ all: UInt64) -> UInt64 {
    all.dividingFullWidth(min(unsettled, all).multipliedFullWidth(by: spent)).quotient
  }

  /// Adds what another loop has spent on it.
  mutating func add(_ more: UInt64) { nanoseconds &+= more }
}

extension ControlLoop {
  /// Works for a session that may be on a binding's loop, and counts it as that session's.
  ///
  /// These are questions, not frames: the thread's own clock will do.
  func work(for session: Session, _ body: () -> Void) {
    guard session.host !== self else {
      let isMeasured = meter.begin(session)
      body()
      meter.end(isMeasured)
      return
    }
    let before = threadNanoseconds()
    body()
    let spent = threadNanoseconds() &- before
    session.onHost { $0.work.add(spent) }
  }
}
