import NDIS
import Testing

@testable import Ndisprot
@testable import NdisprotServer

/// Owns a charge, so that a test can hold it in a variable.
private final class Kept {
  let charge: QuotaTable.Charge
  init(_ charge: consuming QuotaTable.Charge) { self.charge = charge }
}

@Suite("QuotaTable")
struct QuotaTableTests {
  private func access(_ name: String, _ quota: AccessQuota) -> AccessGrant {
    let rule = AccessRule(
      name: name, origin: "ndisprotd.toml:1", subject: .everybody,
      interface: InterfaceMatch(name: .like("*")),
      etherTypes: .any, rights: .all, quota: quota)
    return AccessGrant([rule], for: EtherTypeSet([0x88B5]))
  }

  /// What an open is charged; nil for the window asks for the maximum of 64 KiB.
  private func open(
    _ table: QuotaTable, _ access: AccessGrant, of user: UInt32 = 1, window: Int? = 4_096
  ) throws -> (kept: Kept, window: Int) {
    var options = OpenOptions()
    options.queueByteCount = window ?? 64 << 10
    let charge = try table.charge(access, user, &options, isWindowOpen: window == nil)
    return (Kept(charge), options.queueByteCount)
  }

  /// Rows of `stats --limits`: what is used, and what was refused.
  private func uses(_ table: QuotaTable) -> [String] {
    table.budgetUses.map { "\($0.name) \($0.used) \($0.refused)" }
  }

  @Test("threat T6: the opens of a user under a rule end with what holds their charges")
  func opens() throws {
    let table = QuotaTable()
    let limited = access("some", AccessQuota(opens: 2))
    var kept = try (0..<2).map { _ in try open(table, limited).kept }
    let refused = AccessRefusal.quota(
      .opens, limit: 2, rule: "some", origin: "ndisprotd.toml:1")
    #expect(throws: refused) { try open(table, limited) }
    _ = try open(table, limited, of: 2)
    _ = try open(table, access("other", AccessQuota(opens: 1)))
    kept.removeLast()
    kept.append(try open(table, limited).kept)
    #expect(throws: refused) { try open(table, limited) }
    // A rule without limits charges nothing.
    _ = try open(table, access("some", AccessQuota()))
    #expect(uses(table) == ["rule-opens 2 2", "rule-queue-bytes 8192 0"])
    kept = []
    #expect(uses(table) == ["rule-opens 0 2", "rule-queue-bytes 0 0"])
  }

  @Test("windows share the bytes of a rule: the last one gets what is left, or is refused")
  func queueBytes() throws {
    let table = QuotaTable()
    let limited = access("some", AccessQuota(queueByteCount: 40 << 10))
    let first = try open(table, limited, window: 32 << 10)
    let rest = try open(table, limited, window: nil)
    #expect(first.window == 32 << 10 && rest.window == 8 << 10)
    let refused = AccessRefusal.quota(
      .queueBytes, limit: 40 << 10, rule: "some", origin: "ndisprotd.toml:1")
    for window in [nil, 4_096] {
      #expect(throws: refused) { try open(table, limited, window: window) }
    }
    // What is granted stays under rules that allow less.
    do {
      let stays = Kept(table.chargeAnyway(limited, 1, queueByteCount: 32 << 10))
      #expect(uses(table) == ["rule-opens 3 0", "rule-queue-bytes 73728 2"])
      withExtendedLifetime((first.kept, rest.kept, stays)) {}
    }
  }

  @Test("requests are counted for all opens of a user under a rule, and for others by themselves")
  func requests() throws {
    let table = QuotaTable()
    let limited = access("some", AccessQuota(requests: 2))
    let opens = try (0..<2).map { _ in try open(table, limited).kept }
    let other = try open(table, limited, of: 2).kept
    #expect(opens[0].charge.requests.take() == nil && opens[1].charge.requests.take() == nil)
    #expect(
      opens[1].charge.requests.take()
        == .quota(.requests, limit: 2, rule: "some", origin: "ndisprotd.toml:1"))
    #expect(other.charge.requests.take() == nil)
    opens[0].charge.requests.give()
    opens[1].charge.requests.give()
    #expect(opens[0].charge.requests.take() == nil)
  }
}
