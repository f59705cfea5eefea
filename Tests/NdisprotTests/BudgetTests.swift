import Testing

@testable import Ndisprot

/// Owns a charge, so that a test can hold it in a variable.
private final class Kept {
  private let charge: Charge
  init(_ charge: consuming Charge) { self.charge = charge }
}

extension Budget {
  /// A charge in a box; nil if it is refused.
  fileprivate func keep(_ amount: Int = 1, _ holder: Holder, spare: Int = 0) -> Kept? {
    guard let charge = charge(amount, to: holder, spare: spare) else { return nil }
    return Kept(charge)
  }
}

@Suite("Budget")
struct BudgetTests {
  private func holder(_ user: UInt32, _ session: UInt64 = 1) -> Budget.Holder {
    Budget.Holder(userID: user, session: session)
  }

  @Test("threat T6: a charge is given back when what it pays for goes, and not before")
  func lifetime() {
    let budget = Budget("things", Budget.Limits(all: 2))
    do {
      let first = budget.keep(1, holder(1))
      let second = budget.keep(1, holder(2))
      #expect(first != nil && second != nil && budget.use.used == 2)
      #expect(budget.keep(1, holder(3)) == nil)
      #expect(budget.use.refused == 1)
    }
    #expect(budget.use.used == 0 && budget.userIDs.isEmpty)
    #expect(budget.keep(1, holder(3)) != nil)
  }

  /// One bound after the other, each the one that is reached first.
  @Test(
    "each bound holds by itself: of all, of a user, of a session",
    arguments: [
      Budget.Limits(all: 3), Budget.Limits(user: 3), Budget.Limits(session: 3),
      Budget.Limits(all: 3, user: 10, session: 10), Budget.Limits(all: 10, user: 3, session: 10),
      Budget.Limits(all: 10, user: 10, session: 3),
    ])
  func bounds(limits: Budget.Limits) {
    let budget = Budget("things", limits)
    let charge = budget.keep(3, holder(1))
    #expect(charge != nil)
    #expect(budget.keep(1, holder(1)) == nil)
    let isOfAll = limits.all == 3
    #expect((budget.keep(1, holder(2, 2)) == nil) == isOfAll)
    // Another session of the same user.
    let isOfUser = isOfAll || limits.user == 3
    #expect((budget.keep(1, holder(1, 2)) == nil) == isOfUser)
  }

  @Test("what is left is said of each bound, and a refusal names the nearer one")
  func left() {
    let budget = Budget("things", Budget.Limits(all: 10, user: 6), countsRoot: true)
    let charges = [budget.keep(2, holder(0)), budget.keep(4, holder(1))]
    #expect(charges.allSatisfy { $0 != nil })
    #expect(budget.left(for: 0) == (4, .max) && budget.left(for: 1) == (4, 2))
    #expect(budget.left(for: 2) == (4, 6))
    #expect(budget.refusal(of: 1) == Budget.Refusal(name: "things", limit: 6, isOfUser: true))
    #expect(budget.refusal(of: 2) == Budget.Refusal(name: "things", limit: 10, isOfUser: false))
  }

  @Test("a charge that shrinks gives back the rest, and never grows")
  func shrink() {
    let budget = Budget("things", Budget.Limits(all: 8))
    var charge = budget.chargeAnyway(8, to: holder(1))
    for (amount, left) in [(9, 8), (3, 3), (5, 3), (0, 0)] {
      charge.shrink(to: amount)
      #expect(charge.amount == left && budget.used(by: 1) == left)
    }
  }

  @Test("root is exempt from the bound of a user, and takes from all only where that is counted")
  func root() {
    let free = Budget("things", Budget.Limits(all: 1, user: 1))
    let first = free.keep(1, holder(0))
    #expect(first != nil && free.keep(1, holder(0)) != nil && free.keep(1, holder(1)) != nil)
    let counted = Budget("things", Budget.Limits(all: 1, user: 1), countsRoot: true)
    let one = counted.keep(1, holder(0))
    #expect(one != nil && counted.keep(1, holder(0)) == nil)
    #expect(counted.keep(1, holder(0), spare: 1) != nil)
  }

  @Test("lower bounds take nothing away; what exists is counted beyond them")
  func follow() {
    let budget = Budget("things", Budget.Limits(user: 2))
    let charge = budget.keep(2, holder(1))
    budget.follow(Budget.Limits(user: 1))
    var more: Kept? = Kept(budget.chargeAnyway(to: holder(1)))
    #expect(charge != nil && more != nil && budget.used(by: 1) == 3)
    more = nil
    #expect(budget.used(by: 1) == 2 && budget.keep(1, holder(1)) == nil)
  }
}
