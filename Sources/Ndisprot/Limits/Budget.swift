internal import Platform
internal import WDF

/// What all clients together, each user and each session may hold of one resource.
///
/// Whatever the daemon stores for a client holds a charge of a budget, and releases it when its
/// owner ends. Refusals are counted, so that `ndisprotctl stats --limits` shows why a client was
/// turned away.
///
/// - Units: those of the resource: pieces or bytes
/// - Thread: any
/// - Source: threats T3, T5, T6
public final class Budget: Sendable {
  /// The bounds of a budget; nil is no bound.
  public struct Limits: Hashable, Sendable {
    /// For all clients together.
    public var all: Int?
    /// For one user; root is exempt.
    public var user: Int?
    /// For one session.
    public var session: Int?

    /// Makes limits.
    public init(all: Int? = nil, user: Int? = nil, session: Int? = nil) {
      (self.all, self.user, self.session) = (all, user, session)
    }
  }

  /// The holder of a charge.
  public struct Holder: Hashable, Sendable {
    /// The user; 0 is root.
    public let userID: UInt32
    /// The number of the session; 0 if the budget does not distinguish sessions.
    public let session: UInt64

    /// Names a holder.
    public init(userID: UInt32, session: UInt64 = 0) {
      (self.userID, self.session) = (userID, session)
    }
  }

  /// How much is used, the bounds, and how many charges were refused.
  public struct Use: Hashable, Sendable {
    /// The name of the resource in `stats --limits`.
    public let name: String
    /// The amount charged now.
    public let used: Int
    /// The bounds.
    public let limits: Limits
    /// Charges that were refused.
    public let refused: UInt64

    /// Makes a row.
    public init(name: String, used: Int, limits: Limits, refused: UInt64) {
      (self.name, self.used, self.limits, self.refused) = (name, used, limits, refused)
    }
  }

  /// Why a charge was refused.
  public struct Refusal: Error, Hashable, Sendable {
    /// The name of the budget.
    public let name: String
    /// The bound that is reached.
    public let limit: Int
    /// Whether it is that of one user.
    public let isOfUser: Bool
  }

  private struct State: Sendable {
    var limits: Limits
    var used = 0
    var users: [UInt32: Int] = [:]
    var sessions: [UInt64: Int] = [:]
    var refused: UInt64 = 0
  }

  /// The name of the resource in `stats --limits`.
  public let name: String
  /// Whether root's charges count against the total.
  private let countsRoot: Bool
  private let state: LockedValue<State>

  /// Creates a budget of which nothing is used.
  ///
  /// - Parameters:
  ///   - name: the resource
  ///   - limits: the bounds
  ///   - countsRoot: false excludes root's charges from the total
  public init(_ name: String, _ limits: Limits, countsRoot: Bool = false) {
    self.name = name
    self.countsRoot = countsRoot
    state = LockedValue(State(limits: limits))
  }

  /// Charges a holder, if every bound allows it.
  ///
  /// - Parameters:
  ///   - amount: how much
  ///   - holder: the holder to charge
  ///   - spare: how far this holder may exceed the bound on the total
  /// - Returns: the charge, which its owner keeps as long as what it pays for; nil if refused
  public func charge(_ amount: Int = 1, to holder: Holder, spare: Int = 0) -> Charge? {
    let isCharged = state.withLock { state in
      guard isWithin(state, amount, holder, spare) else {
        state.refused &+= 1
        return false
      }
      add(amount, to: holder, &state)
      return true
    }
    return isCharged ? Charge(self, holder, amount) : nil
  }

  /// Charges a holder regardless of the bounds: for what already exists.
  public func chargeAnyway(_ amount: Int = 1, to holder: Holder) -> Charge {
    state.withLock { add(amount, to: holder, &$0) }
    return Charge(self, holder, amount)
  }

  /// Changes the bounds; existing charges stay.
  public func follow(_ limits: Limits) { state.withLock { $0.limits = limits } }

  /// The current use.
  public var use: Use {
    state.withLock {
      Use(name: name, used: $0.used, limits: $0.limits, refused: $0.refused)
    }
  }

  /// What may still be charged: to all clients together, and to one user; `Int.max` where nothing
  /// bounds it.
  public func left(for userID: UInt32) -> (all: Int, user: Int) {
    state.withLock { left($0, userID) }
  }

  /// Why a user is refused: the bound that is nearest.
  public func refusal(of userID: UInt32) -> Refusal {
    state.withLock { state in
      let left = left(state, userID)
      let isOfUser = left.user < left.all
      return Refusal(
        name: name, limit: (isOfUser ? state.limits.user : state.limits.all) ?? .max,
        isOfUser: isOfUser)
    }
  }

  /// The amount charged to a user.
  public func used(by userID: UInt32) -> Int { state.withLock { $0.users[userID] ?? 0 } }

  /// The users that hold charges.
  public var userIDs: [UInt32] { state.withLock { Array($0.users.keys) } }

  /// Counts a refusal under a bound that is enforced elsewhere.
  public func noteRefusal() { state.withLock { $0.refused &+= 1 } }

  fileprivate func release(_ amount: Int, of holder: Holder) {
    state.withLock { add(-amount, to: holder, &$0) }
  }

  private func isWithin(
    _ state: borrowing State, _ amount: Int, _ holder: Holder, _ spare: Int
  ) -> Bool {
    let left = left(state, holder.userID)
    guard amount - spare <= left.all, amount <= left.user else { return false }
    guard let session = state.limits.session else { return true }
    return (state.sessions[holder.session] ?? 0) + amount <= session
  }

  private func left(_ state: borrowing State, _ userID: UInt32) -> (all: Int, user: Int) {
    let isRoot = userID == 0
    let all = isRoot && !countsRoot ? nil : state.limits.all
    let user = isRoot ? nil : state.limits.user
    return (
      all.map { $0 - state.used } ?? .max, user.map { $0 - (state.users[userID] ?? 0) } ?? .max
    )
  }

  private func add(_ amount: Int, to holder: Holder, _ state: inout State) {
    if holder.userID != 0 || countsRoot { state.used += amount }
    change(&state.users, holder.userID, amount)
    if state.limits.session != nil { change(&state.sessions, holder.session, amount) }
  }

  /// A holder without charges takes no memory.
  private func change<Key>(_ counts: inout [Key: Int], _ key: Key, _ amount: Int) {
    let count = (counts[key] ?? 0) + amount
    counts[key] = count == 0 ? nil : count
  }
}

/// The cost of something stored for a client, as part of a budget; released when this value goes.
public struct Charge: ~Copyable, Sendable {
  private let budget: Budget
  private let holder: Budget.Holder
  /// How much is charged.
  public private(set) var amount: Int

  fileprivate init(_ budget: Budget, _ holder: Budget.Holder, _ amount: Int) {
    (self.budget, self.holder, self.amount) = (budget, holder, amount)
  }

  deinit { budget.release(amount, of: holder) }

  /// Releases what exceeds an amount.
  public mutating func shrink(to amount: Int) {
    guard amount < self.amount else { return }
    budget.release(self.amount - amount, of: holder)
    self.amount = amount
  }
}

/// A charge shared by closures: released explicitly, or with the last of them.
///
/// - Thread: any
public final class SharedCharge: Sendable {
  private let charge: LockedValue<Charge?>

  /// Takes ownership of a charge.
  public init(_ charge: consuming Charge?) { self.charge = LockedValue(charge) }

  /// Releases the charge: what it paid for is gone.
  public func release() { _ = charge.withLock { $0.take() } }

  /// Replaces the charge with another.
  public func replace(with charge: consuming Charge?) {
    var next = consume charge
    _ = self.charge.withLock { charge in
      let former = charge.take()
      charge = next.take()
      return former
    }
  }
}
