internal import Ndisprot
internal import Platform
internal import WDF

/// The memory of the rings of all bindings: two budgets, charged to the user that opens a binding
/// first, as long as its thread lives.
///
/// A binding that finds too little memory has the largest capture ring in use halved, by an
/// exchange of handles that loses no frame, until it has the minimum: so hundreds of bindings fit,
/// and a few get everything they want. Where the bound of the user leaves too little, only the
/// rings of that user are halved. What an exchange frees counts as free at once; both rings exist
/// during the exchange. Receive rings get their size when they are created.
///
/// - Units: bytes
/// - Thread: `grant` and `resize` control, the rest any
/// - Source: `ndisprotd.docc/Architecture.md` sections 5 and 7; threats T6, A6
final class RingBudget: Sendable {
  /// What one binding was given; released with the last reference to it.
  final class Grant: Sendable {
    /// The user that is charged.
    fileprivate let userID: UInt32
    private let captureCharge: LockedValue<Charge>
    private let receiveCharge: Charge
    /// Whether the bound of one user was nearer than that of all.
    let isBoundByUser: Bool
    fileprivate let shrink: @Sendable (_ captureByteCount: Int) -> Void

    fileprivate init(
      _ userID: UInt32, capture: consuming Charge, receive: consuming Charge, isBoundByUser: Bool,
      shrink: @escaping @Sendable (Int) -> Void
    ) {
      self.userID = userID
      captureCharge = LockedValue(capture)
      receiveCharge = receive
      self.isBoundByUser = isBoundByUser
      self.shrink = shrink
    }

    /// Bytes of the capture ring, in the kernel, as it should be now.
    var capture: Int { captureCharge.withLock { $0.amount } }

    /// Bytes of the receive ring.
    var receive: Int { receiveCharge.amount }

    /// Takes half of the capture ring; false if it has the minimum.
    fileprivate func halve() -> Bool {
      captureCharge.withLock { charge in
        let former = charge.amount
        charge.shrink(to: max(former / 2, leastCapture))
        return charge.amount < former
      }
    }
  }

  /// The total of the capture rings, and of the receive rings.
  static let total = 256 << 20
  /// The smallest capture ring, unless the configuration sets one; below this a binding is refused.
  static let leastCapture = 512 << 10
  /// The same for a receive ring.
  static let leastReceive = 256 << 10
  /// How many receive rings of one size may exist before the next are half that size.
  private static let receiveShares = 128

  /// The capture rings.
  let capture = Budget("capture-rings", limits(total), countsRoot: true)
  /// The receive rings.
  let receive: Budget
  private let grants = LockedValue<[Member]>([])

  private struct Member: Sendable {
    weak let grant: Grant?
  }

  /// Creates budgets of which nothing is used.
  init(receiveByteCount: Int = RingBudget.total) {
    receive = Budget("receive-rings", RingBudget.limits(receiveByteCount), countsRoot: true)
  }

  /// Changes the memory for all receive rings; what was granted stays.
  func resize(receiveByteCount: Int) { receive.follow(RingBudget.limits(receiveByteCount)) }

  /// One user may have five eighths: 300 rings of the minimum fit into that, and others find the
  /// rest.
  private static func limits(_ all: Int) -> Budget.Limits {
    Budget.Limits(all: all, user: all / 8 * 5)
  }

  /// Grants what a binding wants, or what is left.
  ///
  /// - Parameters:
  ///   - wantedCapture: bytes of the capture ring
  ///   - wantedReceive: bytes of the receive ring
  ///   - userID: the user that opens the binding
  ///   - shrink: replaces the binding's capture ring with one of this size; called on any thread
  /// - Returns: the grant, which the binding keeps as long as it has rings
  /// - Throws: the bound, if less than the minimum is left below it
  func grant(
    capture wantedCapture: Int, receive wantedReceive: Int, to userID: UInt32,
    shrink: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws(Budget.Refusal) -> Grant {
    let holder = Budget.Holder(userID: userID)
    // Only this thread charges: what is left can only grow meanwhile.
    let receiveLeft = receive.left(for: userID)
    let receiveLimits = receive.use.limits
    let share = min(
      RingBudget.share(wantedReceive, left: receiveLeft.all, of: receiveLimits.all),
      RingBudget.share(wantedReceive, left: receiveLeft.user, of: receiveLimits.user))
    guard let receiveCharge = receive.charge(share, to: holder) else {
      throw receive.refusal(of: userID)
    }
    try makeRoom(min(RingBudget.leastCapture, wantedCapture), for: userID)
    let left = capture.left(for: userID)
    guard let charge = capture.charge(min(wantedCapture, left.all, left.user), to: holder) else {
      throw capture.refusal(of: userID)
    }
    let grant = Grant(
      userID, capture: charge, receive: receiveCharge, isBoundByUser: left.user < left.all,
      shrink: shrink)
    grants.withLock { $0.append(Member(grant: grant)) }
    return grant
  }

  /// Halves the largest capture rings until this much is left.
  private func makeRoom(_ least: Int, for userID: UInt32) throws(Budget.Refusal) {
    let live = grants.withLock { members in
      members.removeAll { $0.grant == nil }
      return members.compactMap(\.grant)
    }
    var shrunk: [ObjectIdentifier: Grant] = [:]
    defer { for grant in shrunk.values { grant.shrink(grant.capture) } }
    while true {
      let left = capture.left(for: userID)
      if min(left.all, left.user) >= least { return }
      let candidates = left.user < least ? live.filter { $0.userID == userID } : live
      guard let largest = candidates.max(by: { $0.capture < $1.capture }), largest.halve() else {
        capture.noteRefusal()
        throw capture.refusal(of: userID)
      }
      shrunk[ObjectIdentifier(largest)] = largest
    }
  }

  /// The full wish while half of the memory is free, then shares of what is left, which may be less
  /// than a share.
  private static func share(_ wanted: Int, left: Int, of total: Int?) -> Int {
    guard let total, left - wanted < total / 2 else { return wanted }
    var share = leastReceive
    while share * 2 * receiveShares <= left { share *= 2 }
    return min(share, wanted)
  }
}
