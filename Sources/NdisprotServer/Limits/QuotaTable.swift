internal import NDIS
internal import Ndisprot
internal import Platform
internal import Synchronization
internal import WDF

/// What each user holds under each rule that limits it.
///
/// - Thread: any
final class QuotaTable: Sendable {
  fileprivate struct Key: Hashable, Sendable {
    let rule: String
    let userID: UInt32
  }

  private struct Use: Sendable {
    var opens = 0
    var queueByteCount = 0
    let requests = RequestMeter()
  }

  /// The charge of one open; released when this value goes.
  struct Charge: ~Copyable, Sendable {
    private let table: QuotaTable
    private let keys: [Key]
    private let queueByteCount: Int
    /// The meters of the rules that limit requests.
    let requests: RequestLimits

    fileprivate init(
      _ table: QuotaTable, _ rules: [AccessRule], _ userID: UInt32, _ queueByteCount: Int,
      _ requests: RequestLimits
    ) {
      self.table = table
      keys = rules.map { Key(rule: $0.name, userID: userID) }
      self.queueByteCount = queueByteCount
      self.requests = requests
    }

    deinit { table.release(keys, queueByteCount) }
  }

  private struct State: Sendable {
    var uses: [Key: Use] = [:]
    var refused: [AccessQuotaKind: UInt64] = [:]
  }

  private let state = LockedValue(State())

  /// Charges an open to the quotas of its rules.
  ///
  /// - Parameters:
  ///   - access: the rules
  ///   - userID: the user
  ///   - options: its window is set; if it asks for the maximum, it gets what is left
  ///   - isWindowOpen: whether it asks for the maximum
  ///   - leastWindow: the smallest window that holds a frame
  /// - Returns: the charge, which the open keeps
  /// - Throws: `.quota` with the rule whose quota is used up
  func charge(
    _ access: AccessGrant, _ userID: UInt32, _ options: inout OpenOptions, isWindowOpen: Bool,
    leastWindow: Int = QuotaTable.leastWindow
  ) throws(AccessRefusal) -> Charge {
    let rules = access.limitedRules
    var wanted = options.queueByteCount
    let least = min(leastWindow, wanted)
    let result = state.withLock { state -> Result<RequestLimits, AccessRefusal> in
      for rule in rules {
        let use = state.uses[Key(rule: rule.name, userID: userID)] ?? Use()
        if let limit = rule.quota.opens, use.opens >= limit {
          state.refused[.opens, default: 0] &+= 1
          return .failure(refusal(.opens, limit, rule))
        }
        guard let limit = rule.quota.queueByteCount else { continue }
        // A reload may allow less than what is open: then nothing is left.
        let left = max(0, limit - use.queueByteCount)
        if isWindowOpen { wanted = min(wanted, left) }
        if wanted > left || wanted < least {
          state.refused[.queueBytes, default: 0] &+= 1
          return .failure(refusal(.queueBytes, limit, rule))
        }
      }
      return .success(QuotaTable.add(&state.uses, rules, userID, wanted))
    }
    let requests = try result.get()
    options.queueByteCount = wanted
    return Charge(self, rules, userID, wanted, requests)
  }

  /// Charges an existing open under other rules, whatever they allow: what is granted stays, and
  /// the next open is refused.
  ///
  /// - Returns: the charge, which the open keeps
  func chargeAnyway(_ access: AccessGrant, _ userID: UInt32, queueByteCount: Int) -> Charge {
    let rules = access.limitedRules
    let requests = state.withLock { QuotaTable.add(&$0.uses, rules, userID, queueByteCount) }
    return Charge(self, rules, userID, queueByteCount, requests)
  }

  private static func add(
    _ uses: inout [Key: Use], _ rules: [AccessRule], _ userID: UInt32, _ queueByteCount: Int
  ) -> RequestLimits {
    var requests = RequestLimits()
    for rule in rules {
      let key = Key(rule: rule.name, userID: userID)
      var use = uses[key] ?? Use()
      use.opens += 1
      use.queueByteCount += queueByteCount
      if let limit = rule.quota.requests { requests.append(use.requests, limit, rule) }
      uses[key] = use
    }
    return requests
  }

  private func release(_ keys: [Key], _ queueByteCount: Int) {
    guard !keys.isEmpty else { return }
    state.withLock { state in
      for key in keys {
        guard var use = state.uses[key] else { continue }
        use.opens -= 1
        use.queueByteCount -= queueByteCount
        state.uses[key] = use.opens == 0 ? nil : use
      }
    }
  }

  /// What all users together hold under rules with a quota, as `stats --limits` shows it; each rule
  /// has limits of its own.
  var budgetUses: [Budget.Use] {
    state.withLock { state in
      [
        Budget.Use(
          name: "rule-opens", used: state.uses.values.reduce(0) { $0 + $1.opens },
          limits: Budget.Limits(), refused: state.refused[.opens] ?? 0),
        Budget.Use(
          name: "rule-queue-bytes", used: state.uses.values.reduce(0) { $0 + $1.queueByteCount },
          limits: Budget.Limits(), refused: state.refused[.queueBytes] ?? 0),
      ]
    }
  }

  /// The smallest window, on an interface of any MTU.
  static let leastWindow = 4_096

  /// The smallest window on an interface: holds one frame of the maximum length.
  static func leastWindow(_ attributes: AdapterAttributes) -> Int {
    max(leastWindow, FrameRecord.byteCount(ofMTU: attributes.mtu))
  }
}

extension AccessGrant {
  /// The rules that limit something.
  fileprivate var limitedRules: [AccessRule] { rules.filter { $0.quota != AccessQuota() } }
}

private func refusal(_ kind: AccessQuotaKind, _ limit: Int, _ rule: AccessRule) -> AccessRefusal {
  .quota(kind, limit: limit, rule: rule.name, origin: rule.origin)
}

/// How many requests of one user under one rule are not answered yet.
final class RequestMeter: Sendable {
  private let count = Atomic<Int>(0)

  fileprivate func take() -> Int { count.add(1, ordering: .relaxed).newValue }
  fileprivate func give() { count.subtract(1, ordering: .relaxed) }
}

/// The meters for the requests of one open.
struct RequestLimits: Sendable {
  private var limits: [(meter: RequestMeter, limit: Int)] = []
  /// The refusal for each limit that is exceeded.
  private var refusals: [AccessRefusal] = []

  fileprivate mutating func append(_ meter: RequestMeter, _ limit: Int, _ rule: AccessRule) {
    limits.append((meter, limit))
    refusals.append(refusal(.requests, limit, rule))
  }

  /// Counts an unanswered request, whether within the limits or not; `give` follows.
  ///
  /// - Returns: nil if it is within the limits
  func take() -> AccessRefusal? {
    var exceeded: Int?
    for (index, entry) in limits.enumerated() where entry.meter.take() > entry.limit {
      exceeded = index
    }
    return exceeded.map { refusals[$0] }
  }

  /// Ends the count of an answered request.
  func give() { for entry in limits { entry.meter.give() } }
}
