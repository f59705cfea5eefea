internal import NDIS
internal import Ndisprot
internal import Platform

/// Why something was denied, as labelled in the metric `ndisprot_denied_total`.
///
/// - Source: labels never change: alert rules name them
enum DenialReason: String, Sendable, CaseIterable {
  /// No rule allows it, or no rule names the user at all.
  case rule
  /// A rule decides, and a right is missing.
  case right
  /// A quota of a rule is used up.
  case quota
  /// A limit of the daemon is used up.
  case limit
  /// Only an administrator may do it.
  case administrator
}

extension AccessRefusal {
  /// The label in the metric.
  var reason: DenialReason {
    switch self {
    case .noRule, .forbiddenType, .noRuleForType, .noRuleForFrame: .rule
    case .missing, .destination: .right
    case .quota: .quota
    }
  }

  /// The kind of refusal within an open: the first of each kind is audited, the others are counted.
  var kind: String {
    switch self {
    case .noRule, .forbiddenType, .noRuleForType: "open"
    case .missing(let rights, _, _): rights.words.last ?? "open"
    case .noRuleForFrame, .destination: "write"
    case .quota(let kind, _, _, _): kind.rawValue
    }
  }

  /// What the client wanted to do with an open.
  var operation: String {
    switch self {
    case .missing(let rights, _, _) where rights.contains(.join): "join"
    case .missing(let rights, _, _) where rights == .setOID: "set"
    case .missing(let rights, _, _) where rights == .anySource || rights == .priority: "write"
    case .quota: "request"
    default: kind
    }
  }
}

/// Denials since the start, including those that were not written.
///
/// - Thread: any
final class DenialCounts: Sendable {
  private let counts = LockedValue<[DenialReason: UInt64]>([:])

  func count(_ reason: DenialReason, times: UInt64 = 1) {
    counts.withLock { $0[reason, default: 0] &+= times }
  }

  /// Every reason, in a fixed order.
  var all: [(reason: DenialReason, count: UInt64)] {
    counts.withLock { counts in DenialReason.allCases.map { ($0, counts[$0] ?? 0) } }
  }
}

/// The refusals of one open, by kind.
struct OpenDenials {
  private var counts: [(kind: String, count: UInt64)] = []

  /// Counts a denial.
  ///
  /// - Returns: whether it is the first of its kind
  mutating func isFirst(_ kind: String) -> Bool {
    for index in counts.indices where counts[index].kind == kind {
      counts[index].count &+= 1
      return false
    }
    counts.append((kind, 1))
    return true
  }

  /// `write=100 promiscuous=1`; nil if nothing was refused.
  var text: String? {
    guard !counts.isEmpty else { return nil }
    return counts.map { "\($0.kind)=\($0.count)" }.joined(separator: " ")
  }
}

/// Why an open ended.
enum CloseReason: String, Sendable {
  /// The client closed it.
  case closed
  /// The client's process hung up, or ended.
  case hungUp = "hung up"
  /// The interface went away.
  case interfaceRemoved = "interface removed"
  /// A reload left it no right.
  case revoked
  /// The client broke the protocol.
  case violation = "protocol violation"
  /// An administrator closed it.
  case administrator = "closed by an administrator"
  /// The daemon stops.
  case stopped = "daemon stopped"
}
