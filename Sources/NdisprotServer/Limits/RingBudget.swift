internal import Ndisprot
internal import Platform
internal import WDF

/// The memory shared by the rings of all bindings.
///
/// A binding that finds too little memory has the largest capture ring in use halved, by an
/// exchange of handles that loses no frame, until it has the minimum: so hundreds of bindings fit,
/// and a few get everything they want. What an exchange frees counts as free at once; both rings
/// exist during the exchange. Receive rings get their size when they are created.
///
/// - Units: bytes
/// - Thread: any
/// - Source: `ndisprotd.docc/Architecture.md` sections 5 and 7; threat T6
final class RingBudget: Sendable {
  /// What one binding was given, and gives back when it ends.
  final class Grant: Sendable {
    /// Bytes of the capture ring, in the kernel, as it should be now.
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

    /// Bytes of the capture ring, in the kernel, as it should be now.
    var capture: Int { captured.withLock { $0 } }
  }

  /// The total of the capture rings, and of the receive rings.
  static let total = 256 << 20
  /// The smallest capture ring, unless the configuration sets one; below this a binding is refused.
  static let leastCapture = 512 << 10
  /// The same for a receive ring.
  static let leastReceive = 256 << 10
  /// How many receive rings of one size may exist before the next are half that size.
  private static let receiveShares = 128

  private struct State: Sendable {
    var capture = total
    var receive: Int
    /// For all receive rings; after a reduction this may be less than what was granted.
    var receiveTotal: Int
    var grants: [ObjectIdentifier: Grant] = [:]
    var refused: UInt64 = 0
  }
  private let state: LockedValue<State>

  /// Creates a budget.
  init(receiveByteCount: Int = RingBudget.total) {
    state = LockedValue(State(receive: receiveByteCount, receiveTotal: receiveByteCount))
  }

  /// Changes the memory for all receive rings; what was granted stays.
  func resize(receiveByteCount: Int) {
    state.withLock { state in
      state.receive += receiveByteCount - state.receiveTotal
      state.receiveTotal = receiveByteCount
    }
  }

  /// How much of one kind of ring is granted, and the total.
  struct Use: Sendable {
    let given: Int
    let total: Int
  }

  /// The use by capture rings.
  var captureUse: Use {
    Use(given: RingBudget.total - state.withLock { $0.capture }, total: RingBudget.total)
  }

  /// The use by receive rings.
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

  /// Grants what a binding wants, or what is left.
  ///
  /// - Parameters:
  ///   - capture: bytes of the capture ring
  ///   - receive: bytes of the receive ring
  ///   - shrink: replaces the binding's capture ring with one of this size; called on any thread
  /// - Returns: nil if less than the minimum is left
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

  /// Takes half of the largest capture ring; nil if none exceeds the minimum.
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

  /// The full wish while half of the memory is free, then shares of what is left.
  private static func receiveShare(_ wanted: Int, _ state: borrowing State) -> Int? {
    if state.receive - wanted >= state.receiveTotal / 2 { return wanted }
    var share = leastReceive
    while share * 2 * receiveShares <= state.receive { share *= 2 }
    share = min(share, wanted)
    return share <= state.receive ? share : nil
  }

  /// Gives back what a binding was granted.
  func give(_ grant: Grant) {
    state.withLock { state in
      guard state.grants.removeValue(forKey: ObjectIdentifier(grant)) != nil else { return }
      state.capture += grant.capture
      state.receive += grant.receive
    }
  }
}
