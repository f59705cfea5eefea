internal import Ndisprot
internal import Platform

/// The processor time that one loop spends on each of its sessions.
///
/// The thread's own clock is a system call of a microsecond and more: too expensive for every
/// message. So a piece of work is measured by the monotonic clock, 20 ns a reading, from where the
/// loop turns to a session to where it turns away. The thread's clock is read when the figures are
/// needed, when a session leaves, or after a tenth of a second of work. Then the time that the
/// scheduler gave to other threads is subtracted from all pieces in proportion, so that the
/// sessions of a loop together never have more than its thread. A piece inside another belongs to
/// the outer one's session.
///
/// - Units: nanoseconds
/// - Thread: the loop's
/// - Source: threat T5
final class CPUAccounting {
  /// After this much work the thread's clock is read.
  private static let settlingNanoseconds: UInt64 = 100_000_000

  /// The session whose piece is measured.
  private var current: Session?
  private var began: UInt64 = 0
  /// The sessions with work that is not settled, and how much they have together.
  private var unsettled: [Session] = []
  private var unsettledNanoseconds: UInt64 = 0
  /// The thread's time when work was last settled.
  private var settledAt: UInt64 = 0

  /// Work for a session begins; `end` follows, unless the session left in the middle.
  ///
  /// - Returns: whether it is measured; work inside other work is not
  @inline(__always)
  func begin(_ session: Session) -> Bool {
    guard current == nil else { return false }
    current = session
    began = monotonicNanoseconds()
    return true
  }

  /// The work has ended.
  @inline(__always)
  func end(_ isMeasured: Bool) {
    guard isMeasured, let session = current else { return }
    current = nil
    let now = monotonicNanoseconds()
    note(nanosecondsPassed(since: began, until: now), of: session)
    if unsettledNanoseconds >= CPUAccounting.settlingNanoseconds { settle() }
  }

  private func note(_ nanoseconds: UInt64, of session: Session) {
    if session.work.unsettled == 0 { unsettled.append(session) }
    session.work.unsettled &+= max(nanoseconds, 1)
    unsettledNanoseconds &+= max(nanoseconds, 1)
  }

  /// Gives every session its share of the thread's time.
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

/// What a session cost.
struct SessionWork {
  /// Measured by the monotonic clock, since its loop's thread clock was read.
  var unsettled: UInt64 = 0
  /// Processor time.
  private(set) var nanoseconds: UInt64 = 0

  /// Takes its share of a thread's time, at most as much as was measured.
  mutating func settle(spent: UInt64, of all: UInt64) {
    add(all <= spent ? unsettled : share(of: spent, all))
    unsettled = 0
  }

  /// The measured time is part of `all`, so that the quotient fits.
  private func share(of spent: UInt64, _ all: UInt64) -> UInt64 {
    all.dividingFullWidth(min(unsettled, all).multipliedFullWidth(by: spent)).quotient
  }

  /// Adds what another loop spent on it.
  mutating func add(_ more: UInt64) { nanoseconds &+= more }
}

extension ControlLoop {
  /// Works for a session that may be on a binding's loop, and counts the time as that session's.
  ///
  /// Statistics requests, not frames: the thread's own clock is cheap enough.
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
