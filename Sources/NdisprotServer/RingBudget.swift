internal import Ndisprot
internal import Platform
internal import WDF

/// Memory that the rings of all bindings share.
///
/// A binding that finds too little left has the largest capture ring in use halved, by an exchange of
/// handles that loses no frame, until it finds the least: so hundreds of bindings fit, and those that are
/// alone have all they want. What an exchange frees is counted as free at once; for the moment that it
/// takes, both rings are there. Receive rings are sized when they are made.
///
/// - Units: bytes
/// - Thread: any
/// - Source: `ndisprotd.docc/Architecture.md` sections 5 and 7; threat T6
final class RingBudget: Sendable {
  /// What one binding was given; it gives it back when it goes.
  final class Grant: Sendable {
    /// Bytes of the capture ring, in the kernel, as it is to be now.
    fileprivate let captured: LockedValue<Int>
    /// Bytes of the receive ring.
    let receive: Int
    fileprivate let shrink: @Sendable (_ captureByteCount: Int) -> Void

    fileprivate init(
      capture: Int, receive: Int, shrink: @escaping @Sendable (Int) -> Void
    ) {
      captured = LockedValue(capture)
      self.receive = receive
      self.shrink = shrink
    }

    /// Bytes of the capture ring, in the kernel, as it is to be now.
    var capture: Int { captured.withLock { $0 } }
  }

  /// For all capture rings, and for all receive rings.
  static let total = 256 << 20
  /// A capture ring is never smaller, unless the configuration says so; then a binding is refused.
  static let leastCapture = 512 << 10
  /// As for a receive ring.
  static let leastReceive = 256 << 10
  /// As many receive rings as there may be of one size, before the next are half of that.
  private static let receiveShares = 128

  private struct State: Sendable {
    var capture = total
    var receive: Int
    /// Of the receive rings; less than was given away after it was made smaller.
    var receiveTotal: Int
    var grants: [ObjectIdentifier: Grant] = [:]
    var refused: UInt64 = 0
  }
  private let state: LockedValue<State>

  /// Makes a budget.
  init(receiveByteCount: Int = RingBudget.total) {
    state = LockedValue(State(receive: receiveByteCount, receiveTotal: receiveByteCount))
  }

  /// Makes the memory of all receive rings another; what was given stays given.
  func resize(receiveByteCount: Int) {
    state.withLock { state in
      state.receive += receiveByteCount - state.receiveTotal
      state.receiveTotal = receiveByteCount
    }
  }

  /// How much of one kind of ring was given, of how much.
  struct Use: Sendable {
    let given: Int
    let total: Int
  }

  /// Of the capture rings.
  var captureUse: Use {
    Use(given: RingBudget.total - state.withLock { $0.capture }, total: RingBudget.total)
  }

  /// Of the receive rings.
  var receiveUse: Use {
    state.withLock { Use(given: $0.receiveTotal - $0.receive, total: $0.receiveTotal) }
  }

  /// Both, as `stats --limits` shows them.
  var uses: [Budget.Use] {
    state.withLock { state in
      [
        Budget.Use(
          name: "capture-rings", used: RingBudget.total - state.capture,
          limits: Budget.Limits(all: RingBudget.total), refused: state.refused),
        Budget.Use(
          name: "receive-rings", used: state.receiveTotal - state.receive,
          limits: Budget.Limits(all: state.receiveTotal), refused: state.refused),
      ]
    }
  }

  /// Takes what a binding wants, or what is left.
  ///
  /// - Parameters:
  ///   - capture: bytes of the capture ring
  ///   - receive: bytes of the receive ring
  ///   - shrink: has the binding's capture ring made anew, with so many bytes; any thread
  /// - Returns: nil if there is not even the least
  func take(
    capture: Int, receive: Int, shrink: @escaping @Sendable (Int) -> Void = { _ in }
  ) -> Grant? {
    let outcome = state.withLock { state -> (grant: Grant, shrunk: [Grant])? in
      guard let receiveShare = RingBudget.receiveShare(receive, state) else {
        state.refused &+= 1
        return nil
      }
      let least = min(RingBudget.leastCapture, capture)
      var shrunk: [Grant] = []
      while state.capture < least {
        guard let largest = RingBudget.halve(&state) else {
          state.refused &+= 1
          return nil
        }
        if !shrunk.contains(where: { $0 === largest }) { shrunk.append(largest) }
      }
      let grant = Grant(
        capture: min(capture, state.capture), receive: receiveShare, shrink: shrink)
      state.capture -= grant.capture
      state.receive -= receiveShare
      state.grants[ObjectIdentifier(grant)] = grant
      return (grant, shrunk)
    }
    for grant in outcome?.shrunk ?? [] { grant.shrink(grant.capture) }
    return outcome?.grant
  }

  /// Takes half of the largest capture ring; nil if none is larger than the least.
  private static func halve(_ state: inout State) -> Grant? {
    guard let largest = state.grants.values.max(by: { $0.capture < $1.capture }) else {
      return nil
    }
    let freed = largest.captured.withLock { capture in
      let smaller = max(capture / 2, leastCapture)
      defer { capture = min(capture, smaller) }
      return capture - min(capture, smaller)
    }
    state.capture += freed
    return freed > 0 ? largest : nil
  }

  /// All that is wanted while half is free, then shares of what is left.
  private static func receiveShare(_ wanted: Int, _ state: borrowing State) -> Int? {
    if state.receive - wanted >= state.receiveTotal / 2 { return wanted }
    var share = leastReceive
    while share * 2 * receiveShares <= state.receive { share *= 2 }
    share = min(share, wanted)
    return share <= state.receive ? share : nil
  }

  /// Gives back what a binding had.
  func give(_ grant: Grant) {
    state.withLock { state in
      guard state.grants.removeValue(forKey: ObjectIdentifier(grant)) != nil else { return }
      state.capture += grant.capture
      state.receive += grant.receive
    }
  }
}
