internal import Platform

/// The life cycle of a binding's capture handle as a value: takes an event, returns an action.
/// ```
///               need ┌──────────── made ───────────► running ◄──── made ────┐
///   closed ─────► opening ◄── retry, power ── failed ◄─┤ need               │
///     ▲  │ need, down │ makeFailed ──────────► (until) │                    │
///     │  └► asleep ◄──┘  captureFailed ────────────────┴► exchanging ───────┤
///     └─ unneeded: from each      │ down                    │ makeFailed    │
///                                 └► asleep                 └► overdue ─ retry
/// ```
/// `asleep` means wanted while the interface is down. `exchanging` and `overdue` capture through a
/// handle that no longer suffices, until the next one is open.
///
/// - Units: nanoseconds of CLOCK_MONOTONIC
/// - Thread: none of its own
/// - Source: `ndisprotd.docc/Architecture.md` section 5
struct CaptureStateMachine: Sendable {
  /// The state of the capture.
  enum State: Hashable, Sendable {
    case closed, asleep, opening, running, exchanging
    /// It is retried at this time; nil: when the interface is up.
    case overdue(until: UInt64?)
    case failed(until: UInt64)
  }

  /// The events of the handle.
  enum Event: Hashable, Sendable {
    /// A handle is needed, or a different one than the current one or the one being opened.
    case need
    /// No handle is needed any more.
    case unneeded
    /// A requested handle captures.
    case made(now: UInt64)
    /// It could not be opened.
    case makeFailed(now: UInt64)
    /// The handle no longer captures.
    case captureFailed(now: UInt64)
    /// The time of `retry` has come.
    case retryDue
    case powerLow, powerOn
  }

  /// What the owner has to do.
  enum Action: Hashable, Sendable {
    case none
    /// Open a handle; a scheduled retry is no longer needed.
    case make
    /// Close the current handles; a handle being opened is no longer wanted, and no retry.
    case close
    /// Send `retryDue` after this time.
    case retry(after: UInt64)
    /// Close the current handles, and send `retryDue` after this time.
    case closeAndRetry(after: UInt64)
    /// No retry: the interface is down.
    case cancelRetry
  }

  /// The delay before the first retry, and the longest.
  static let backOffNanoseconds: ClosedRange<UInt64> = 50_000_000...5_000_000_000
  /// If a handle has captured this long, its failure counts as the first in a row.
  static let goodNanoseconds: UInt64 = 5_000_000_000

  private(set) var state = State.closed
  private(set) var isPowered: Bool
  /// What is being opened will not suffice either.
  private var isOutdated = false
  /// Failures in a row.
  private var failures = 0
  private var runsSince: UInt64 = 0

  init(isPowered: Bool) { self.isPowered = isPowered }

  /// Whether a handle captures.
  var isCapturing: Bool {
    switch state {
    case .running, .exchanging, .overdue: true
    case .closed, .asleep, .opening, .failed: false
    }
  }

  /// Whether a handle is being opened.
  var isMaking: Bool { state == .opening || state == .exchanging }

  /// Handles an event and returns what to do.
  mutating func handle(_ event: Event) -> Action {
    switch event {
    case .need: need()
    case .unneeded: unneeded()
    case .made(let now): made(now)
    case .makeFailed(let now): makeFailed(now)
    case .captureFailed(let now): captureFailed(now)
    case .retryDue: tryAgain()
    case .powerLow: powerLow()
    case .powerOn: powerOn()
    }
  }

  private mutating func need() -> Action {
    switch state {
    case .closed, .asleep, .failed:
      guard isPowered else {
        state = .asleep
        return .cancelRetry
      }
      return make(.opening)
    case .running, .overdue: return make(.exchanging)
    case .opening, .exchanging:
      isOutdated = true
      return .none
    }
  }

  private mutating func make(_ next: State) -> Action {
    state = next
    isOutdated = false
    return .make
  }

  private mutating func unneeded() -> Action {
    guard state != .closed else { return .none }
    state = .closed
    isOutdated = false
    failures = 0
    return .close
  }

  private mutating func made(_ now: UInt64) -> Action {
    guard isMaking else { return .none }
    runsSince = now
    if isOutdated { return make(.exchanging) }
    state = .running
    return .none
  }

  private mutating func makeFailed(_ now: UInt64) -> Action {
    switch state {
    case .opening: return fail(now)
    case .exchanging:
      isOutdated = false
      guard isPowered else {
        state = .overdue(until: nil)
        return .none
      }
      let delay = nextDelay()
      state = .overdue(until: now &+ delay)
      return .retry(after: delay)
    case .closed, .asleep, .running, .overdue, .failed: return .none
    }
  }

  private mutating func captureFailed(_ now: UInt64) -> Action {
    switch state {
    case .running, .overdue:
      if nanosecondsPassed(since: runsSince, until: now) >= Self.goodNanoseconds { failures = 0 }
      return fail(now)
    case .exchanging:
      // The next one is being opened.
      state = .opening
      return .none
    case .closed, .asleep, .opening, .failed: return .none
    }
  }

  private mutating func fail(_ now: UInt64) -> Action {
    isOutdated = false
    guard isPowered else {
      state = .asleep
      return .close
    }
    let delay = nextDelay()
    state = .failed(until: now &+ delay)
    return .closeAndRetry(after: delay)
  }

  private mutating func nextDelay() -> UInt64 {
    let (first, longest) = (Self.backOffNanoseconds.lowerBound, Self.backOffNanoseconds.upperBound)
    defer { failures += 1 }
    return min(first << UInt64(min(failures, 7)), longest)
  }

  private mutating func tryAgain() -> Action {
    switch state {
    case .failed: make(.opening)
    case .overdue: make(.exchanging)
    case .closed, .asleep, .opening, .running, .exchanging: .none
    }
  }

  private mutating func powerLow() -> Action {
    isPowered = false
    switch state {
    case .failed: state = .asleep
    case .overdue: state = .overdue(until: nil)
    case .closed, .asleep, .opening, .running, .exchanging: return .none
    }
    return .cancelRetry
  }

  private mutating func powerOn() -> Action {
    isPowered = true
    failures = 0
    switch state {
    case .asleep, .failed: return make(.opening)
    case .overdue: return make(.exchanging)
    case .closed, .opening, .running, .exchanging: return .none
    }
  }
}
